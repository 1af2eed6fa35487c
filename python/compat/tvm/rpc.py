# SPDX-License-Identifier: Apache-2.0
"""Sessions: where modules run."""
from __future__ import annotations

import os

from ._missing import getattr_of
from .contrib import utils
from .runtime.device import Device, cpu, device, ext_dev
from .runtime.module import Module, load_module
from .runtime.registry import get_global_func


class LocalSession:
    """This process, in the place of a board."""

    def __init__(self) -> None:
        self._temp = utils.tempdir()

    def upload(self, data, target=None) -> None:
        """Copies a file, or bytes under the name ``target``, to the
        session."""
        if isinstance(data, (bytes, bytearray)):
            if not target:
                raise ValueError(
                    "target must present when file is a bytearray"
                )
            blob = bytes(data)
        else:
            with open(data, "rb") as file:
                blob = file.read()
            target = target or os.path.basename(data)
        with open(self._temp.relpath(target), "wb") as file:
            file.write(blob)

    def download(self, path) -> bytearray:
        """A file of the session."""
        with open(self._temp.relpath(path), "rb") as file:
            return bytearray(file.read())

    def remove(self, path) -> None:
        """Removes a file of the session."""
        os.remove(self._temp.relpath(path))

    def listdir(self, path: str = "") -> list[str]:
        """The files of the session."""
        return os.listdir(self._temp.relpath(path))

    def load_module(self, path) -> Module:
        """Reads a module that was uploaded."""
        return load_module(self._temp.relpath(path))

    def get_function(self, name: str):
        """A function of the session by its name."""
        return get_global_func(name)

    def cpu(self, dev_id: int = 0) -> Device:
        """The processor."""
        return cpu(dev_id)

    def ext_dev(self, dev_id: int = 0) -> Device:
        """The accelerator."""
        return ext_dev(dev_id)

    def device(self, dev_type, dev_id: int = 0) -> Device:
        """A device by the name of its type, or by a target's text."""
        return device(dev_type, dev_id)

    context = device


def connect(url, port, key="", session_timeout=0, **options):
    """Not there yet: programs run in this process."""
    raise NotImplementedError(
        f"vtac's Python package can't reach {url}:{port}; use"
        " rpc.LocalSession()"
    )


__getattr__ = getattr_of(__name__)

__all__ = ["LocalSession", "connect"]
