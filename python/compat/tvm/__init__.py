# SPDX-License-Identifier: Apache-2.0
"""The names of TVM 0.9 that accelerator programs use, over vtac.

This package is no TVM: it has the tensor expressions, schedules, lowering and
runtime of the VTA back end, and says so where something else is asked for.
Install it only where the real one is not wanted.
"""
from __future__ import annotations

import os
import sys

try:
    import vtac
except ModuleNotFoundError:
    # In the source tree the package lies two folders up.
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path.append(os.path.dirname(os.path.dirname(_here)))
    import vtac

from ._missing import attribute_error, install_finder

install_finder()

from .runtime.device import Device, cpu, device, ext_dev  # noqa: E402
from .runtime.registry import (  # noqa: E402
    convert,
    get_global_func,
    register_func,
)

__version__ = "0.9.0+vtac" + vtac.__version__

_SUBMODULES = {
    "arith",
    "autotvm",
    "contrib",
    "driver",
    "error",
    "ir",
    "nd",
    "relay",
    "rpc",
    "runtime",
    "target",
    "te",
    "testing",
    "tir",
    "topi",
    "transform",
}
_ELSEWHERE = {
    "lower": "driver",
    "build": "driver",
    "IRModule": "ir",
    "TVMError": "error",
    "Target": "target",
}


def __getattr__(name: str):
    import importlib

    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _ELSEWHERE:
        module = importlib.import_module(f"{__name__}.{_ELSEWHERE[name]}")
        return getattr(module, name)
    raise attribute_error(__name__, name)


def __dir__():
    return sorted([*globals(), *_SUBMODULES, *_ELSEWHERE])


__all__ = [
    "Device",
    "convert",
    "cpu",
    "device",
    "ext_dev",
    "get_global_func",
    "register_func",
]
