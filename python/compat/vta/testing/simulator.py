# SPDX-License-Identifier: Apache-2.0
"""The simulator's counters."""
from __future__ import annotations

import json

import tvm
from tvm._missing import getattr_of

from ..environment import get_env

DEBUG_SKIP_EXEC = 1
LIBS: list = []


def _function(name: str):
    kind = "tsim" if get_env().TARGET == "tsim" else "simulator"
    return tvm.get_global_func(f"vta.{kind}.{name}")


def enabled() -> bool:
    """Whether there is a simulator."""
    return True


def clear_stats() -> None:
    """Sets the counters to 0."""
    _function("profiler_clear")()


def stats() -> dict:
    """The counters: work done since they were cleared."""
    return json.loads(_function("profiler_status")())


def debug_mode(flag: int) -> None:
    """Not there, but for 0: the simulator always executes."""
    tvm.get_global_func("vta.simulator.profiler_debug_mode")(flag)


__getattr__ = getattr_of(__name__)

__all__ = [
    "DEBUG_SKIP_EXEC",
    "LIBS",
    "clear_stats",
    "debug_mode",
    "enabled",
    "stats",
]
