# SPDX-License-Identifier: Apache-2.0
"""Devices by type and number.

Both the processor and the accelerator stand for the simulator of the current
configuration: its memory is the host's.
"""
from __future__ import annotations

import vtac

_TYPES = {"cpu": 1, "llvm": 1, "c": 1, "ext_dev": 12}


class Device:
    """A device that arrays lie on."""

    def __init__(self, device_type: int, device_id: int = 0) -> None:
        if device_id != 0:
            raise ValueError(
                f"there is one device of each type, number 0, not {device_id}"
            )
        self.device_type = device_type
        self.device_id = device_id

    @property
    def exist(self) -> bool:
        """It does."""
        return True

    def sync(self, stream=None) -> None:
        """Calls return when the device has finished."""

    @property
    def simulator(self) -> vtac.Device:
        """The simulator of the current configuration."""
        from .. import _core

        return vtac.default_device(_core.config())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Device):
            return self.device_type == other.device_type
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.device_type)

    def __repr__(self) -> str:
        name = "cpu" if self.device_type == 1 else "ext_dev"
        return f"{name}({self.device_id})"


def cpu(dev_id: int = 0) -> Device:
    """The processor."""
    return Device(1, dev_id)


def ext_dev(dev_id: int = 0) -> Device:
    """The accelerator."""
    return Device(12, dev_id)


def device(dev_type, dev_id: int = 0) -> Device:
    """A device by the name of its type, or by a target's text."""
    if isinstance(dev_type, int):
        return Device(dev_type, dev_id)
    name = str(dev_type).split()[0]
    if name not in _TYPES:
        raise ValueError(f"vtac has no device {name!r}; use cpu or ext_dev")
    return Device(_TYPES[name], dev_id)


__all__ = ["Device", "cpu", "device", "ext_dev"]
