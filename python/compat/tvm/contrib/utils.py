# SPDX-License-Identifier: Apache-2.0
"""Temporary folders."""
from __future__ import annotations

import os
import shutil
import tempfile
import weakref

from .._missing import getattr_of


class TempDirectory:
    """A folder that is removed with the object."""

    def __init__(self, custom_path=None, keep_for_debug=None) -> None:
        if custom_path:
            os.mkdir(custom_path)
        self.temp_dir = os.fspath(custom_path or tempfile.mkdtemp())
        self.remove = weakref.finalize(
            self, shutil.rmtree, self.temp_dir, ignore_errors=True
        )
        self.remove.atexit = not keep_for_debug
        if keep_for_debug:
            self.remove.detach()

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

    def __enter__(self) -> TempDirectory:
        return self

    def __exit__(self, *exception) -> None:
        self.remove()


def tempdir(custom_path=None, keep_for_debug=None) -> TempDirectory:
    """A new temporary folder."""
    return TempDirectory(custom_path, keep_for_debug)


__getattr__ = getattr_of(__name__)

__all__ = ["TempDirectory", "tempdir"]
