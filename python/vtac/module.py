# SPDX-License-Identifier: Apache-2.0
"""Modules: what the compiler made, ready to run."""
from __future__ import annotations

import ctypes
import os

from ._library import Error, Param, SaveOptions, lib, text
from .config import Config
from .errors import InvalidError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .device import Device
    from .tensor import Tensor


class Parameter:
    """One parameter of a module's function."""

    def __init__(
        self, name: str, dtype: str, shape: tuple[int, ...], written: bool
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.written = written

    def __repr__(self) -> str:
        mark = ", written" if self.written else ""
        return f"{self.name}: {self.dtype}{list(self.shape)}{mark}"


class Module:
    """A function that runs on devices.

    Call it with an array for each parameter.  Arrays of a device are used
    where they are; numpy arrays (and whatever speaks DLPack) are copied to the
    device, and results are copied back into them::

        module(a, b, result)                 # on the default device
        module(a, b, result, device=device)

    A module never changes; several devices, each in a thread of its own, may
    run it at the same time.
    """

    def __init__(
        self,
        handle: int,
        config: Config | None,
        args: Sequence[Tensor] | None = None,
    ) -> None:
        self._handle = handle
        self.config = config
        self.name = text(lib.module_name(handle))
        self.params: tuple[Parameter, ...] | None
        if args is not None:
            self.params = tuple(
                Parameter(a.name, a.dtype, a.shape, not a.is_placeholder)
                for a in args
            )
        else:
            self.params = _params(handle)

    def __call__(self, *arrays, device: Device | None = None) -> None:
        from .device import on_device

        with on_device(self, arrays, device) as (target, there):
            target._run(self, there)

    def compile(self) -> Module:
        """The module as code for this processor."""
        error = Error()
        handle = lib.module_compile(self._handle, ctypes.byref(error))
        if not handle:
            raise error.exception()
        module = Module.__new__(Module)
        module._handle = handle
        module.config = self.config
        module.name = self.name
        module.params = self.params
        return module

    def save(
        self,
        path: str | os.PathLike,
        target: str | None = None,
        origin: str | None = None,
    ) -> None:
        """Writes the module to a file that :func:`load_module` reads.

        The suffix says what: ``.o`` an object file, for any of
        :func:`targets`; ``.so`` a shared library; ``.c`` readable C.
        ``origin`` is a line to be kept in the file.
        """
        error = Error()
        options = SaveOptions(
            target.encode() if target else None,
            origin.encode() if origin else None,
        )
        if lib.module_save(
            self._handle,
            os.fsencode(path),
            ctypes.byref(options),
            ctypes.byref(error),
        ):
            raise error.exception()

    def c_source(
        self, target: str | None = None, origin: str | None = None
    ) -> str:
        """The module as readable C."""
        error = Error()
        options = SaveOptions(
            target.encode() if target else None,
            origin.encode() if origin else None,
        )
        address = lib.module_c_source(
            self._handle, ctypes.byref(options), ctypes.byref(error)
        )
        if not address:
            raise error.exception()
        try:
            return text(ctypes.string_at(address))
        finally:
            free_bytes(address)

    @property
    def origin(self) -> str:
        """What the maker of a loaded module noted about it."""
        return text(lib.module_origin(self._handle))

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all functions in the file of a loaded module."""
        names: list[str] = []
        while name := lib.module_function_name(self._handle, len(names)):
            names.append(text(name))
        return tuple(names)

    def function(self, name: str) -> Module:
        """The function of that name in the file of a loaded module."""
        error = Error()
        handle = lib.module_function(
            self._handle, name.encode(), ctypes.byref(error)
        )
        return _loaded(handle, error)

    def __repr__(self) -> str:
        if self.params is None:
            return f"<module {self.name}>"
        return f"<module {self.name}({', '.join(map(repr, self.params))})>"

    def __del__(self, _free=lib.module_free) -> None:
        if self.__dict__.get("_handle"):
            _free(self._handle)


def free_bytes(address: int) -> None:
    """Frees memory that the library gave away."""
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    free.restype = None
    free(address)


def _params(handle: int) -> tuple[Parameter, ...] | None:
    """What a loaded module says of its parameters; None: nothing."""
    params = []
    param = Param()
    while lib.module_param(handle, len(params), ctypes.byref(param)):
        params.append(
            Parameter(
                text(param.name),
                text(param.dtype),
                tuple(param.shape[i] for i in range(param.ndim)),
                bool(param.written),
            )
        )
    return tuple(params) or None


def load_module(source: str | os.PathLike | bytes, name: str = "") -> Module:
    """Reads a module from a file, or from the bytes of one.

    This is native code: load only what you would run.
    """
    error = Error()
    in_memory = isinstance(source, (bytes, bytearray))
    if in_memory or not str(source).endswith(".o"):
        # Libraries look for the runtime's functions in the global scope.
        ctypes.CDLL(lib.path, mode=ctypes.RTLD_GLOBAL)
    if in_memory:
        data = bytes(source)
        handle = lib.module_load_bytes(
            data, len(data), (name or "module").encode(), ctypes.byref(error)
        )
    else:
        handle = lib.module_load(os.fsencode(source), ctypes.byref(error))
    return _loaded(handle, error)


def _loaded(handle: int | None, error: Error) -> Module:
    """The module of a handle, or the exception of an error."""
    if not handle:
        raise error.exception()
    module = Module(handle, None)
    config = lib.module_config(handle, ctypes.byref(error))
    if config:
        module.config = Config._made_by(lambda _: config)
    return module


def targets() -> tuple[str, ...]:
    """The processors that code can be generated for; none without the code
    generator."""
    names: list[str] = []
    while True:
        name = lib.module_target(len(names))
        if name is None:
            return tuple(names)
        names.append(text(name))


def check_count(module: Module, count: int) -> None:
    """Refuses a wrong number of arguments."""
    if module.params is not None and count != len(module.params):
        names = ", ".join(param.name for param in module.params)
        raise InvalidError(
            f"'{module.name}' takes {len(module.params)} arguments ({names}),"
            f" got {count}",
            "argument",
        )


__all__ = ["Module", "Parameter", "load_module", "targets"]
