# SPDX-License-Identifier: Apache-2.0
"""Functions by name."""
from __future__ import annotations

import json

_functions: dict = {}


def register_func(func_name, f=None, override=False):
    """Registers a Python function under a name; a decorator, too."""
    if callable(func_name):
        return register_func(func_name.__name__, func_name)

    def register(function):
        if func_name in _functions and not override:
            raise ValueError(
                f"Global PackedFunc {func_name} is already registered"
            )
        _functions[func_name] = function
        return function

    return register(f) if f else register


def get_global_func(name: str, allow_missing: bool = False):
    """The function of that name."""
    if name not in _functions and not allow_missing:
        raise ValueError(
            f"Cannot find global function {name}; vtac has"
            f" {', '.join(sorted(_functions))}"
        )
    return _functions.get(name)


def convert(value):
    """Python's values serve as they are."""
    return value


def simulated():
    """The simulator of the current configuration."""
    from .device import ext_dev

    return ext_dev().simulator


@register_func("vta.simulator.profiler_clear")
def _clear() -> None:
    simulated().clear_counters()


@register_func("vta.simulator.profiler_status")
def _status() -> str:
    return json.dumps(simulated().counters)


@register_func("vta.simulator.profiler_debug_mode")
def _debug_mode(flag: int) -> None:
    if flag:
        raise NotImplementedError("vtac's simulator always executes")


@register_func("vta.tsim.profiler_clear")
def _clear_timing() -> None:
    device = simulated()
    device.clear_counters()


@register_func("vta.tsim.profiler_status")
def _status_timing() -> str:
    return json.dumps({"cycle_count": simulated().cycles})


__all__ = ["convert", "get_global_func", "register_func"]
