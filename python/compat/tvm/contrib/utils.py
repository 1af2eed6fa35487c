# SPDX-License-Identifier: Apache-2.0
"""Temporary folders."""
from __future__ import annotations

import os
import tempfile

from .._missing import getattr_of


class TempDirectory:
    """A folder that is removed with the object."""

    def __init__(self, custom_path=None, keep_for_debug=None) -> None:
        self._folder = None
        if custom_path:
            os.mkdir(custom_path)
            self.temp_dir = os.fspath(custom_path)
        elif keep_for_debug:
            self.temp_dir = tempfile.mkdtemp()
        else:
            self._folder = tempfile.TemporaryDirectory()
            self.temp_dir = self._folder.name

    @property
    def path(self) -> str:
        """The folder."""
        return self.temp_dir

    def relpath(self, name: str) -> str:
        """A path in the folder."""
        return os.path.join(self.temp_dir, name)

    __truediv__ = relpath

    def listdir(self) -> list[str]:
        """The files in the folder."""
        return os.listdir(self.temp_dir)

    def remove(self) -> None:
        """Removes the folder."""
        if self._folder:
            self._folder.cleanup()

    def __enter__(self) -> TempDirectory:
        return self

    def __exit__(self, *exception) -> None:
        self.remove()


def tempdir(custom_path=None, keep_for_debug=None) -> TempDirectory:
    """A new temporary folder."""
    return TempDirectory(custom_path, keep_for_debug)


__getattr__ = getattr_of(__name__)

__all__ = ["TempDirectory", "tempdir"]
