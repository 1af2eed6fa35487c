# SPDX-License-Identifier: Apache-2.0
"""Devices of other machines, by the RPC protocol of TVM 0.9.

::

    with vtac.rpc.connect("pynq", 9091, key="lab") as session:
        session.upload("gemm.o", open("gemm.o", "rb").read())
        run = session.load_module("gemm.o")
        a, b = session.array(data), session.empty((1, 64, 1, 16), "int8")
        run(a, b)
        print(b.numpy(), session.counters)

A session may be used from several threads, which then take turns.
"""
from __future__ import annotations

import contextlib
import ctypes
import os
import threading

from ._library import (
    COUNTERS,
    DeviceOptions,
    Error,
    RpcOptions,
    RpcPlace,
    RpcQueue,
    RpcValue,
    integers,
    lib,
    text,
)
from .config import Config, as_config
from .device import SIMULATORS, Counters, as_numpy, counter_names
from .errors import InvalidError
from ._remote import (
    ARRAY,
    BYTES,
    CPU,
    DEVICE,
    EXT_DEV,
    FLOAT,
    FUNCTION,
    HANDLE,
    INT,
    MODULE,
    NULL,
    TEXT,
    RemoteArray,
    RemoteFunction,
    RemoteModule,
)
from .module import free_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SERVER_PORT = 9091
TRACKER_PORT = 9190

# ---- Opening ----------------------------------------------------------------


def _encoded(value: str | None) -> bytes | None:
    return value.encode() if value is not None else None


def _options(
    key: str,
    secret: str | None,
    session_seconds: float,
    connect_seconds: float,
    call_seconds: float,
) -> RpcOptions:
    return RpcOptions(
        key.encode(),
        _encoded(secret or os.environ.get("VTAC_RPC_SECRET") or None),
        session_seconds,
        connect_seconds,
        call_seconds,
    )


def connect(
    host: str,
    port: int = SERVER_PORT,
    key: str = "",
    *,
    secret: str | None = None,
    session_seconds: float = 0,
    connect_seconds: float = 0,
    call_seconds: float = 0,
) -> Session:
    """A session on a server.

    ``secret`` is what a server of vtac may ask for besides the key; it
    defaults to ``$VTAC_RPC_SECRET``.  The server may end the session after
    ``session_seconds``; connecting fails after ``connect_seconds`` (60), and
    each request after ``call_seconds``, if that is given.
    """
    options = _options(
        key, secret, session_seconds, connect_seconds, call_seconds
    )
    return Session(
        lambda error: lib.rpc_connect(
            host.encode(), port, ctypes.byref(options), error
        )
    )


def request(
    host: str,
    port: int = TRACKER_PORT,
    key: str = "",
    *,
    priority: int = 1,
    secret: str | None = None,
    session_seconds: float = 0,
    connect_seconds: float = 0,
    call_seconds: float = 0,
) -> Session:
    """A session on a server that a tracker names for the key; waits for one
    if all are in use.  Larger priorities are served first."""
    options = _options(
        key, secret, session_seconds, connect_seconds, call_seconds
    )
    return Session(
        lambda error: lib.rpc_request(
            host.encode(), port, priority, ctypes.byref(options), error
        )
    )


def local(
    config: Config | None = None, *, simulator: str = "by_target"
) -> Session:
    """A session on a device of this process, without a socket."""
    if simulator not in SIMULATORS:
        raise InvalidError(
            f"there is no simulator {simulator!r}",
            "argument",
            "use one of " + ", ".join(SIMULATORS),
        )
    handle = as_config(config)._handle
    options = DeviceOptions(simulator=SIMULATORS[simulator])
    return Session(
        lambda error: lib.rpc_local(handle, ctypes.byref(options), error)
    )


def summary(host: str, port: int = TRACKER_PORT, seconds: float = 0) -> dict:
    """What a tracker knows: ``{"servers": [{"key", "host", "port"}],
    "queues": {key: {"free", "pending"}}}``."""
    error = Error()
    handle = lib.rpc_summary_get(
        host.encode(), port, seconds, ctypes.byref(error)
    )
    if not handle:
        raise error.exception()
    place, queue = RpcPlace(), RpcQueue()
    servers, queues = [], {}
    while lib.rpc_summary_server(handle, len(servers), ctypes.byref(place)):
        servers.append(
            {
                "key": text(place.key),
                "host": text(place.host),
                "port": place.port,
            }
        )
    count = 0
    while lib.rpc_summary_queue(handle, count, ctypes.byref(queue)):
        queues[text(queue.key)] = {
            "free": queue.free,
            "pending": queue.pending,
        }
        count += 1
    lib.rpc_summary_free(handle)
    return {"servers": servers, "queues": queues}


# ---- Sessions ---------------------------------------------------------------


class Session:
    """Files, modules, functions and arrays on the other side of a
    connection.  :func:`connect`, :func:`request` and :func:`local` make
    one."""

    def __init__(self, open_it) -> None:
        self._lock = threading.RLock()
        self._live: dict = {}  # what is to be freed: handles and how
        self._dead: list = []  # what nobody has any more
        error = Error()
        self._handle = open_it(ctypes.byref(error))
        if not self._handle:
            raise error.exception()

    @contextlib.contextmanager
    def _open(self):
        """One call on the session, which must be open."""
        with self._lock:
            if not self._handle:
                raise InvalidError("the session has been closed", "argument")
            while self._dead:
                self._free(self._dead.pop())
            yield self._handle

    def _own(self, handle: int, free) -> int:
        self._live[handle] = free
        return handle

    def _free(self, handle: int) -> None:
        free = self._live.pop(handle, None)
        if free:
            free(handle)

    def _check(self, function, *args) -> None:
        """A call of the library that returns a status."""
        error = Error()
        with self._open() as handle:
            if function(handle, *args, ctypes.byref(error)):
                raise error.exception()

    def _make(self, function, free, *args) -> int:
        """A call of the library that makes an object."""
        error = Error()
        with self._open() as handle:
            made = function(handle, *args, ctypes.byref(error))
            if not made:
                raise error.exception()
            return self._own(made, free)

    # ---- Files --------------------------------------------------------------

    def upload(self, name: str, data) -> None:
        """Puts a file into the session's folder."""
        content = bytes(data)
        self._check(lib.rpc_upload, name.encode(), content, len(content))

    def download(self, name: str) -> bytes:
        """A file of the session's folder."""
        size = ctypes.c_size_t()
        error = Error()
        with self._open() as handle:
            address = lib.rpc_download(
                handle, name.encode(), ctypes.byref(size), ctypes.byref(error)
            )
        if not address:
            raise error.exception()
        try:
            return ctypes.string_at(address, size.value)
        finally:
            free_bytes(address)

    def remove(self, name: str) -> None:
        """Removes a file of the session's folder."""
        self._check(lib.rpc_remove, name.encode())

    # ---- Code ---------------------------------------------------------------

    def load_module(self, name: str) -> RemoteModule:
        """Loads a file that was uploaded."""
        return RemoteModule(
            self,
            self._make(
                lib.rpc_module_load, lib.rpc_module_free, name.encode()
            ),
        )

    def function(self, name: str) -> RemoteFunction:
        """A function of the server by its name."""
        return RemoteFunction(
            self,
            self._make(
                lib.rpc_function_get, lib.rpc_function_free, name.encode()
            ),
            name,
        )

    # ---- Arrays -------------------------------------------------------------

    def empty(
        self, shape: Sequence[int], dtype: str, device=(EXT_DEV, 0)
    ) -> RemoteArray:
        """An array whose elements are not set."""
        from .context import shape_of

        extents = shape_of(shape)
        handle = self._make(
            lib.rpc_array_new,
            lib.rpc_array_free,
            device[0],
            device[1],
            str(dtype).encode(),
            len(extents),
            integers(extents),
        )
        return RemoteArray(self, handle)

    def array(self, source, device=(EXT_DEV, 0)) -> RemoteArray:
        """A copy of a numpy array, or of whatever numpy makes one of."""
        values = as_numpy(source)
        array = self.empty(values.shape, str(values.dtype), device)
        return array.copy_from(values)

    # ---- Devices ------------------------------------------------------------

    def attribute(self, kind: int, device=(EXT_DEV, 0)):
        """An attribute of a device by its number (0: whether it exists), or
        None if it has no such one."""
        value = RpcValue()
        error = Error()
        with self._open() as handle:
            if lib.rpc_device_attr(
                handle, *device, kind, ctypes.byref(value), ctypes.byref(error)
            ):
                raise error.exception()
            return self._from_value(value)

    def sync(self, device=(EXT_DEV, 0)) -> None:
        """Waits until a device has done what it was asked for."""
        self._check(lib.rpc_device_sync, *device)

    def reconfigure(self, config: Config) -> None:
        """Makes the accelerator one of that configuration."""
        self._check(lib.rpc_reconfigure, as_config(config)._handle)

    def program(self, name: str, bitstream: bytes) -> None:
        """Uploads a bitstream and programs the board with it."""
        self._check(
            lib.rpc_program, name.encode(), bytes(bitstream), len(bitstream)
        )

    def _count(self) -> tuple[Counters, int]:
        values = (ctypes.c_uint64 * COUNTERS)()
        cycles = ctypes.c_uint64()
        self._check(lib.rpc_counters, values, ctypes.byref(cycles))
        return Counters(zip(counter_names(), values)), cycles.value

    @property
    def counters(self) -> Counters:
        """What the server's simulator has counted."""
        return self._count()[0]

    @property
    def cycles(self) -> int:
        """Cycles of all timed runs; 0 unless the simulator counts them."""
        return self._count()[1]

    def clear_counters(self) -> None:
        """Sets all counters to 0."""
        self._check(lib.rpc_clear_counters)

    # ---- Values -------------------------------------------------------------

    def _to_value(self, ret: RpcValue, value, keep: list) -> None:
        """Fills in a value; `keep` holds what it points to."""
        if value is None:
            ret.type = NULL
        elif isinstance(value, (RemoteArray, RemoteModule, RemoteFunction)):
            if value.session is not self:
                raise InvalidError(
                    f"{value!r} is of another session", "argument"
                )
            ret.type, field = value._kind
            setattr(ret, field, value._live())
        elif isinstance(value, (bool, int)) or hasattr(value, "__index__"):
            ret.type, ret.integer = INT, int(value)
        elif isinstance(value, float):
            ret.type, ret.number = FLOAT, value
        elif isinstance(value, (str, bytes, bytearray, memoryview)):
            is_text = isinstance(value, str)
            content = value.encode() if is_text else bytes(value)
            keep.append(content)
            ret.type = TEXT if is_text else BYTES
            ret.bytes = ctypes.cast(content, ctypes.c_void_p)
            ret.size = len(content)
        else:
            raise InvalidError(
                f"{type(value).__name__} can't be sent",
                "argument",
                "send numbers, texts, bytes and what belongs to the session;"
                " session.array copies others",
            )

    def _to_values(self, args, keep: list):
        values = (RpcValue * max(len(args), 1))()
        for value, arg in zip(values, args):
            self._to_value(value, arg, keep)
        return values

    def _from_value(self, value: RpcValue):
        if value.type in (INT, HANDLE):
            return value.integer
        if value.type == FLOAT:
            return value.number
        if value.type == TEXT:
            return ctypes.string_at(value.bytes, value.size).decode(
                "utf-8", "replace"
            )
        if value.type == BYTES:
            return ctypes.string_at(value.bytes, value.size)
        if value.type == ARRAY:
            return RemoteArray(
                self, self._own(value.array, lib.rpc_array_free)
            )
        if value.type == MODULE:
            return RemoteModule(
                self, self._own(value.module, lib.rpc_module_free)
            )
        if value.type == FUNCTION:
            return RemoteFunction(
                self, self._own(value.function, lib.rpc_function_free), ""
            )
        if value.type == DEVICE:
            return value.integer, value.device_id
        return None

    # ---- Life ---------------------------------------------------------------

    def close(self) -> None:
        """Ends the session and frees what belongs to it."""
        with self._lock:
            for handle in list(self._live):
                self._free(handle)
            self._dead.clear()
            handle, self._handle = self._handle, None
            if handle:
                lib.rpc_close(handle)

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return bool(self._handle)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<rpc.Session>" if self._handle else "<rpc.Session, closed>"

    def __del__(self) -> None:
        if self.__dict__.get("_handle"):
            self.close()


__all__ = [
    "CPU",
    "EXT_DEV",
    "RemoteArray",
    "RemoteFunction",
    "RemoteModule",
    "SERVER_PORT",
    "Session",
    "TRACKER_PORT",
    "connect",
    "local",
    "request",
    "summary",
]
