# SPDX-License-Identifier: Apache-2.0
"""What belongs to a session: functions, modules and arrays of a server."""
from __future__ import annotations

import ctypes

from ._library import Error, RpcTiming, RpcValue, lib, text
from .device import as_numpy
from .errors import InvalidError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import numpy

    from .rpc import Session

CPU = 1
EXT_DEV = 12

# The types of values, as the library numbers them.
NULL, INT, FLOAT, TEXT, BYTES, ARRAY, MODULE, FUNCTION, DEVICE, HANDLE = range(
    10
)


class _Remote:
    """An object of a session."""

    _kind = (NULL, "")

    def __init__(self, session: Session, handle: int) -> None:
        self.session = session
        self._handle = handle

    def _live(self) -> int:
        if self._handle not in self.session._live:
            raise InvalidError(f"{self!r} has been freed", "argument")
        return self._handle

    def free(self) -> None:
        """Gives it back to the server."""
        with self.session._open():
            handle, self._handle = self._handle, 0
            self.session._free(handle)

    def __del__(self) -> None:
        # The session frees it when it is next used: whoever collects garbage
        # must not wait for a server.
        handle = self.__dict__.get("_handle")
        if handle and handle in self.session._live:
            self.session._dead.append(handle)


class RemoteFunction(_Remote):
    """A function of a server; call it with numbers, texts, bytes, and arrays,
    modules and functions of the session."""

    _kind = (FUNCTION, "function")

    def __init__(self, session: Session, handle: int, name: str) -> None:
        super().__init__(session, handle)
        self.name = name

    def __call__(self, *args):
        keep: list = []
        result = RpcValue()
        error = Error()
        with self.session._open():
            values = self.session._to_values(args, keep)
            if lib.rpc_call(
                self._live(),
                len(args),
                values,
                ctypes.byref(result),
                ctypes.byref(error),
            ):
                raise error.exception()
            return self.session._from_value(result)

    def __repr__(self) -> str:
        return f"<RemoteFunction {self.name}>"


class RemoteModule(_Remote):
    """A module on a server; calling it calls its only function."""

    _kind = (MODULE, "module")

    def __init__(self, session: Session, handle: int) -> None:
        super().__init__(session, handle)
        self._entry: RemoteFunction | None = None

    def function(self, name: str | None = None) -> RemoteFunction:
        """A function by its name; None is the only one."""
        error = Error()
        with self.session._open():
            handle = lib.rpc_module_function(
                self._live(), name.encode() if name is not None else None, ctypes.byref(error)
            )
            if not handle:
                raise error.exception()
            self.session._own(handle, lib.rpc_function_free)
        return RemoteFunction(self.session, handle, name or "")

    def __call__(self, *arrays) -> None:
        if self._entry is None:
            self._entry = self.function()
        self._entry(*arrays)

    def time(
        self,
        *arrays,
        name: str | None = None,
        device=(EXT_DEV, 0),
        number: int = 1,
        repeat: int = 1,
        min_repeat_ms: int = 0,
        cooldown_ms: int = 0,
        repeats_to_cooldown: int = 1,
        preprocess: str = "",
    ) -> list[float]:
        """Seconds of one run, for each of ``repeat`` measurements of
        ``number`` runs, after one run to get warm."""
        timing = RpcTiming(
            *device,
            number,
            repeat,
            min_repeat_ms,
            cooldown_ms,
            repeats_to_cooldown,
            preprocess.encode(),
        )
        keep: list = []
        seconds = (ctypes.c_double * max(repeat, 1))()
        error = Error()
        with self.session._open():
            values = self.session._to_values(arrays, keep)
            if lib.rpc_time(
                self._live(),
                name.encode() if name is not None else None,
                ctypes.byref(timing),
                len(arrays),
                values,
                seconds,
                ctypes.byref(error),
            ):
                raise error.exception()
        return list(seconds)

    def __repr__(self) -> str:
        return "<RemoteModule>"


class RemoteArray(_Remote):
    """An array in the memory of a server's device."""

    _kind = (ARRAY, "array")

    def __init__(self, session: Session, handle: int) -> None:
        super().__init__(session, handle)
        self.shape = tuple(
            lib.rpc_array_dim(handle, i)
            for i in range(lib.rpc_array_ndim(handle))
        )
        self.dtype = text(lib.rpc_array_dtype(handle))
        self.nbytes: int = lib.rpc_array_size(handle)

    def numpy(self) -> numpy.ndarray:
        """A copy of the elements."""
        import numpy

        values = numpy.empty(self.shape, _numpy_dtype(self.dtype))
        error = Error()
        with self.session._open():
            if lib.rpc_array_read(
                self._live(), values.ctypes.data, ctypes.byref(error)
            ):
                raise error.exception()
        return values

    def copy_from(self, source) -> RemoteArray:
        """Copies the elements of an array of the same shape and type."""
        if isinstance(source, RemoteArray) and source.session is self.session:
            return self._copy_there(source)
        import numpy

        if isinstance(source, RemoteArray):
            source = source.numpy()
        values = numpy.ascontiguousarray(as_numpy(source))
        values = values.reshape(numpy.shape(source))
        if values.shape != self.shape:
            raise InvalidError(
                f"the array has shape {self.shape}, the source"
                f" {values.shape}",
                "argument",
            )
        if values.dtype != _numpy_dtype(self.dtype):
            raise InvalidError(
                f"the array holds {self.dtype}, the source {values.dtype}",
                "argument",
                f"convert it: source.astype({self.dtype!r})",
            )
        error = Error()
        with self.session._open():
            if lib.rpc_array_write(
                self._live(), values.ctypes.data, ctypes.byref(error)
            ):
                raise error.exception()
        return self

    def _copy_there(self, source: RemoteArray) -> RemoteArray:
        error = Error()
        with self.session._open():
            if lib.rpc_array_copy(
                source._live(), self._live(), ctypes.byref(error)
            ):
                raise error.exception()
        return self

    def __getitem__(self, index):
        return self.numpy()[index]

    def __setitem__(self, index, value) -> None:
        values = self.numpy()
        values[index] = value
        self.copy_from(values)

    def __array__(self, dtype=None, copy=None):
        values = self.numpy()
        return values if dtype is None else values.astype(dtype, copy=False)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without dimensions has no length")
        return self.shape[0]

    def __repr__(self) -> str:
        shape = list(self.shape)
        return f"<RemoteArray {self.dtype}{shape}>"


def _numpy_dtype(dtype: str):
    """The numpy type of elements, where there is one."""
    import numpy

    try:
        return numpy.dtype("bool" if dtype == "uint1" else dtype)
    except TypeError:
        raise InvalidError(
            f"numpy has no type for elements of {dtype}", "argument"
        ) from None
