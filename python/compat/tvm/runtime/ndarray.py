# SPDX-License-Identifier: Apache-2.0
"""Arrays on devices."""
from __future__ import annotations

import vtac

from .device import Device, cpu


class NDArray:
    """An array in a device's memory."""

    def __init__(self, array: vtac.Array, device: Device) -> None:
        self._array = array
        self.device = device

    @property
    def handle(self) -> vtac.Array:
        """The array as vtac has it."""
        return self._array

    @property
    def shape(self) -> tuple:
        """The extents."""
        return self._array.shape

    @property
    def dtype(self) -> str:
        """The type of the elements."""
        return self._array.dtype

    @property
    def ctx(self) -> Device:
        """The device, by its former name."""
        return self.device

    def numpy(self):
        """A copy of the elements."""
        return self._array.numpy()

    asnumpy = numpy

    def copyfrom(self, source) -> NDArray:
        """Copies the elements; they are converted if need be."""
        import numpy

        values = numpy.asarray(source)
        if tuple(values.shape) != self.shape:
            raise ValueError(
                f"array shape do not match the shape of NDArray"
                f" {tuple(values.shape)} vs {self.shape}"
            )
        self._array.copy_from(values.astype(self.dtype, copy=False))
        return self

    def copyto(self, target) -> NDArray:
        """Copies the elements to another array, or to a new one on a
        device."""
        if not isinstance(target, NDArray):
            target = empty(self.shape, self.dtype, target)
        if hasattr(self._array, "session"):
            target._array.copy_from(self._array)
            return target
        return target.copyfrom(self._array.view())

    def __array__(self, dtype=None, copy=None):
        return self._array.__array__(dtype, copy)

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()

    def to_dlpack(self):
        """The elements as a DLPack capsule, without a copy."""
        return self._array.__dlpack__()

    def __setitem__(self, index, value) -> None:
        self._array[index] = value

    def __getitem__(self, index):
        return self._array[index]

    def __len__(self) -> int:
        return len(self._array)

    def __repr__(self) -> str:
        head = f"<tvm.nd.NDArray shape={self.shape}, {self.device}>"
        return f"{head}\n{self.numpy()!r}"


def _target(device) -> Device:
    return cpu() if device is None else device


def empty(shape, dtype="float32", device=None, mem_scope=None) -> NDArray:
    """An array of zeros."""
    device = _target(device)
    array = device.simulator.empty(shape, str(dtype))
    return NDArray(array, device)


def array(arr, device=None, mem_scope=None) -> NDArray:
    """A copy of an array on a device."""
    import numpy

    values = arr if isinstance(arr, numpy.ndarray) else numpy.asarray(arr)
    device = _target(device)
    return NDArray(device.simulator.array(values), device)


def numpyasarray(np_data) -> NDArray:
    """A copy of an array on the processor."""
    return array(np_data)


def from_dlpack(tensor) -> NDArray:
    """A copy of a DLPack tensor on the processor."""
    import numpy

    if not hasattr(tensor, "__dlpack__"):
        raise TypeError("from_dlpack takes a tensor that has __dlpack__")
    return array(numpy.from_dlpack(tensor))


__all__ = ["NDArray", "array", "empty", "from_dlpack", "numpyasarray"]
