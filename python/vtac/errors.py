# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, as exceptions.

Every failure of the C library arrives as a :class:`VtacError` with the
library's own diagnostic.  Each kind also is the built-in exception that a
Python programmer would look for, so ``except ValueError`` works.
"""
from __future__ import annotations


class VtacError(Exception):
    """A failure told to a person.

    ``message`` says what is wrong, where, and which limit was met; ``id`` is a
    short stable name such as ``"buffer-overflow"``; ``cure`` says what would
    help, or is empty.
    """

    def __init__(self, message: str, id: str = "", cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.id = id
        self.cure = cure

    def __str__(self) -> str:
        text = self.message
        if self.id:
            text += f" [{self.id}]"
        if self.cure:
            text += f"\n  help: {self.cure}"
        return text

    def __reduce__(self):
        return type(self), (self.message, self.id, self.cure)


class InvalidError(VtacError, ValueError):
    """An argument breaks the contract of the call."""


class RefusedError(VtacError, ValueError):
    """A schedule, shape or configuration that is not legal."""


class ExhaustedError(VtacError, MemoryError):
    """The host or the device has no memory left."""


class FileError(VtacError, OSError):
    """A file or library could not be read, written or used."""

    def __init__(self, message: str, id: str = "", cure: str = "") -> None:
        VtacError.__init__(self, message, id, cure)


class DeviceError(VtacError, RuntimeError):
    """The device or simulator could not finish a run."""


# By the library's status codes.
BY_STATUS = {
    1: InvalidError,
    2: RefusedError,
    3: ExhaustedError,
    4: FileError,
    5: DeviceError,
}
