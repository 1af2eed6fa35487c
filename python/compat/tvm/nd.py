# SPDX-License-Identifier: Apache-2.0
"""Arrays on devices."""
from ._missing import getattr_of
from .runtime.device import Device, cpu, device, ext_dev
from .runtime.ndarray import NDArray, array, empty, from_dlpack, numpyasarray

__getattr__ = getattr_of(__name__)

__all__ = [
    "Device",
    "NDArray",
    "array",
    "cpu",
    "device",
    "empty",
    "ext_dev",
    "from_dlpack",
    "numpyasarray",
]
