# SPDX-License-Identifier: Apache-2.0
"""Devices, arrays and modules."""
from .._missing import attribute_error
from .device import Device
from .module import Module, load_module
from .ndarray import NDArray
from .registry import convert


def enabled(target: str) -> bool:
    """Whether the runtime has a device or a feature."""
    return target in ("cpu", "ext_dev", "llvm", "c", "rpc")


def __getattr__(name: str):
    if name == "const":
        from ..te import const

        return const
    raise attribute_error(__name__, name)


__all__ = [
    "Device",
    "Module",
    "NDArray",
    "convert",
    "enabled",
    "load_module",
]
