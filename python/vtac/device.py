# SPDX-License-Identifier: Apache-2.0
"""Devices and the arrays in their memory.

The memory of a simulated device is the host's: :meth:`Array.view` and DLPack
show an array's elements without a copy.
"""
from __future__ import annotations

import contextlib
import ctypes
import threading
import weakref

from . import _table
from ._library import (
    COUNTERS,
    DeviceOptions,
    Error,
    OnListing,
    integers,
    lib,
    pointers,
    text,
)
from .config import Config, as_config
from .errors import InvalidError
from .module import Module, check_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    import numpy

SIMULATORS = {"by_target": 0, "functional": 1, "timing": 2}


class Counters(dict):
    """Work done by a device: bytes moved, operations of each unit."""

    def _rows(self):
        return list(self.items())

    def __repr__(self) -> str:
        return _table.text(None, self._rows())

    def _repr_html_(self) -> str:
        return _table.html(("counter", "value"), self._rows())


def _sim_path(name: str) -> int:
    names = []
    while True:
        known = lib.sim_path_name(len(names))
        if known is None:
            raise InvalidError(
                f"there is no simulator path {name!r}",
                "argument",
                "use one of " + ", ".join(names),
            )
        names.append(text(known))
        if names[-1] == name:
            return len(names) - 1


class Device:
    """A simulated accelerator with a memory of its own.

    ``simulator`` is ``"functional"``, ``"timing"`` (which counts cycles, too)
    or ``"by_target"``, which asks the configuration.  ``verify`` checks each
    instruction stream before it runs; ``on_listing`` is called with the
    listing of each.  A device may be used from several threads, which then
    take turns.

    ``board`` makes it a board instead: a preset's name, or the path of a
    description (docs/boards.md).
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        simulator: str = "by_target",
        sim_path: str = "fast",
        verify: bool = False,
        force_serial: bool = False,
        on_listing: Callable[[str], None] | None = None,
        board: str | os.PathLike | None = None,
    ) -> None:
        if simulator not in SIMULATORS:
            raise InvalidError(
                f"there is no simulator {simulator!r}",
                "argument",
                "use one of " + ", ".join(SIMULATORS),
            )
        self.config = as_config(config)
        self._lock = threading.RLock()
        self._arrays: set[int] = set()
        self._views = weakref.WeakValueDictionary()  # by their ids
        self._raised: list[BaseException] = []
        self._options = DeviceOptions(
            sim_path=_sim_path(sim_path) if sim_path != "fast" else 0,
            force_serial=force_serial,
            verify=verify,
            simulator=SIMULATORS[simulator],
        )
        if on_listing:
            self._options.on_listing = self._listener(on_listing)
        error = Error()
        if board is not None:
            self._options.board = lib.board_load(
                str(board).encode(), ctypes.byref(error)
            )
            if not self._options.board:
                raise error.exception()
        self._handle = lib.device_open(
            self.config._handle,
            ctypes.byref(self._options),
            ctypes.byref(error),
        )
        lib.board_free(self._options.board)
        self._options.board = None
        if not self._handle:
            raise error.exception()

    def _listener(self, callback):
        """The callback for the C library; what it raises is kept for the
        call that runs."""
        raised = self._raised

        def on_listing(user, data, length):
            try:
                callback(text(ctypes.string_at(data, length)))
            except BaseException as error:
                raised.append(error)

        return OnListing(on_listing)

    @contextlib.contextmanager
    def _open(self):
        """One call on the device, which must be open."""
        with self._lock:
            if not self._handle:
                raise InvalidError("the device has been closed", "argument")
            yield self._handle
            if self._raised:
                error = self._raised[0]
                self._raised.clear()
                raise error

    # ---- Arrays -------------------------------------------------------------

    def empty(self, shape: Sequence[int], dtype: str) -> Array:
        """An array of zeros."""
        return Array(self, shape, str(dtype))

    def array(self, source) -> Array:
        """A copy of a numpy array, or of whatever numpy makes one of."""
        values = as_numpy(source)
        array = Array(self, values.shape, str(values.dtype))
        array.copy_from(values)
        return array

    # ---- Counters -----------------------------------------------------------

    @property
    def counters(self) -> Counters:
        """Work done since the device was opened or they were cleared."""
        values = (ctypes.c_uint64 * COUNTERS)()
        with self._open() as handle:
            lib.device_counters(handle, values)
        return Counters(zip(counter_names(), values))

    @property
    def cycles(self) -> int:
        """Cycles of all timed runs; 0 unless the simulator counts them."""
        with self._open() as handle:
            return lib.device_cycles(handle)

    def clear_counters(self) -> None:
        """Sets all counters to 0."""
        with self._open() as handle:
            lib.device_clear_counters(handle)

    # ---- Life ---------------------------------------------------------------

    def _run(self, module: Module, arrays: Sequence[Array]) -> None:
        error = Error()
        with self._open() as handle:
            handles = pointers(array._live() for array in arrays)
            if lib.module_run(
                module._handle,
                handle,
                len(arrays),
                handles,
                ctypes.byref(error),
            ):
                raise error.exception()

    def close(self) -> None:
        """Frees the device and its arrays; views must be gone."""
        with self._lock:
            if len(self._views):
                raise BufferError(
                    "the device can't be closed while views of its arrays"
                    " are in use"
                )
            self._end()

    def _end(self) -> None:
        for array in self._arrays:
            lib.array_free(array)
        self._arrays.clear()
        if self._handle:
            lib.device_close(self._handle)
        self._handle = None

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return bool(self._handle)

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "" if self._handle else ", closed"
        return f"<Device {self.config['TARGET']}{state}>"

    def __del__(self) -> None:
        if self.__dict__.get("_handle"):
            self._end()


def counter_names() -> list[str]:
    """The names of the counters, in their order."""
    return [text(lib.counter_name(i)) for i in range(COUNTERS)]


class Array:
    """An array in a device's memory, compact and row major."""

    def __init__(
        self, device: Device, shape: Sequence[int], dtype: str
    ) -> None:
        from .context import shape_of

        if not isinstance(device, Device):
            raise InvalidError(f"{device!r} is no device", "argument")
        self.device = device
        self.shape = tuple(shape_of(shape))
        self.dtype = dtype
        error = Error()
        with device._open() as handle:
            self._handle = lib.array_new(
                handle,
                dtype.encode(),
                len(self.shape),
                integers(self.shape),
                ctypes.byref(error),
            )
            if not self._handle:
                raise error.exception()
            device._arrays.add(self._handle)

    def _live(self) -> int:
        if not self._handle or self._handle not in self.device._arrays:
            raise InvalidError(
                "the array has been freed", "argument", "make a new one"
            )
        return self._handle

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return lib.array_size(self._live())

    def _host_dtype(self) -> str:
        """The numpy type of its elements."""
        if self.dtype in ("bool", "float16", "float32", "float64"):
            return self.dtype
        bits = self.dtype.lstrip("uint")
        if bits in ("8", "16", "32", "64"):
            return self.dtype
        raise InvalidError(
            f"numpy has no type for elements of {self.dtype}",
            "argument",
            "use bytes() and write(), which see the packed bytes",
        )

    # ---- Elements -----------------------------------------------------------

    def write(self, data) -> None:
        """Copies all bytes from a contiguous buffer."""
        view = memoryview(data)
        if not view.contiguous:
            raise InvalidError("the buffer is not contiguous", "argument")
        if view.nbytes != self.nbytes:
            raise InvalidError(
                f"the array has {self.nbytes} bytes, the buffer"
                f" {view.nbytes}",
                "argument",
            )
        source = bytes(view) if view.readonly else view.cast("B")
        if not view.readonly:
            source = (ctypes.c_char * view.nbytes).from_buffer(source)
        error = Error()
        with self.device._open():
            if lib.array_write(self._live(), source, ctypes.byref(error)):
                raise error.exception()

    def __bytes__(self) -> bytes:
        data = ctypes.create_string_buffer(self.nbytes)
        error = Error()
        with self.device._open():
            if lib.array_read(self._live(), data, ctypes.byref(error)):
                raise error.exception()
        return data.raw

    def copy_from(self, source) -> Array:
        """Copies the elements of an array of the same shape and type."""
        values = as_numpy(source)
        dtype = self._host_dtype()
        if values.shape != self.shape:
            raise InvalidError(
                f"the array has shape {self.shape}, the source"
                f" {values.shape}",
                "argument",
            )
        if str(values.dtype) != dtype:
            raise InvalidError(
                f"the array holds {dtype}, the source {values.dtype}",
                "argument",
                f"convert it: source.astype({dtype!r})",
            )
        import numpy

        with self.device._open():
            numpy.copyto(self.view(), values)
        return self

    def view(self) -> numpy.ndarray:
        """The elements where they are, without a copy.

        The view keeps the array alive.
        """
        import numpy

        dtype = self._host_dtype()
        error = Error()
        with self.device._open():
            address = lib.array_data(self._live(), ctypes.byref(error))
            if not address:
                raise error.exception()
            memory = (ctypes.c_char * self.nbytes).from_address(address)
            memory._array = self
            self.device._views[id(memory)] = memory
        return numpy.frombuffer(memory, dtype).reshape(self.shape)

    def numpy(self) -> numpy.ndarray:
        """A copy of the elements."""
        with self.device._open():
            return self.view().copy()

    def __array__(self, dtype=None, copy=None):
        values = self.view() if copy is False else self.numpy()
        return values if dtype is None else values.astype(dtype, copy=False)

    def __dlpack__(self, **options):
        return self.view().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0  # the host's memory

    def __getitem__(self, index):
        return self.numpy()[index]

    def __setitem__(self, index, value) -> None:
        with self.device._open():
            self.view()[index] = value

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without dimensions has no length")
        return self.shape[0]

    def __iter__(self):
        return iter(self.numpy())

    # ---- Life ---------------------------------------------------------------

    def free(self) -> None:
        """Gives the memory back; views must be gone."""
        with self.device._lock:
            for memory in self.device._views.values():
                if memory._array is self:
                    raise BufferError(
                        "the array can't be freed while a view of it is in use"
                    )
            self._end()

    def _end(self) -> None:
        handle, self._handle = self._handle, None
        if handle in self.device._arrays:
            self.device._arrays.remove(handle)
            lib.array_free(handle)

    def __repr__(self) -> str:
        if not self._handle:
            return "<Array, freed>"
        return f"Array({self.numpy()!r}, {self.device!r})"

    def __del__(self) -> None:
        if self.__dict__.get("_handle"):
            with self.device._lock:
                self._end()


# ---- Arrays of others -------------------------------------------------------


def as_numpy(source) -> numpy.ndarray:
    """The source as a numpy array, without a copy where that can be."""
    import numpy

    if isinstance(source, Array):
        return source.view()
    if isinstance(source, numpy.ndarray):
        return source
    if hasattr(source, "__dlpack__"):
        try:
            return numpy.from_dlpack(source)
        except (RuntimeError, BufferError, TypeError) as error:
            raise InvalidError(
                f"numpy does not take this DLPack tensor: {error}",
                "argument",
                "move it to the host's memory first",
            ) from None
    return numpy.asarray(source)


def from_dlpack(source, device: Device | None = None) -> Array:
    """A copy of a DLPack tensor in a device's memory."""
    return (device or default_device()).array(source)


_defaults: dict[Config, Device] = {}
_defaults_lock = threading.Lock()


def default_device(config: Config | None = None) -> Device:
    """The device for those who don't care which: one a configuration."""
    config = as_config(config)
    with _defaults_lock:
        device = _defaults.get(config)
        if device is None or not device.is_open:
            device = _defaults[config] = Device(config)
    return device


def _check_host(module: Module, i: int, values) -> None:
    """Refuses a host's array that does not fit the parameter."""
    if module.params is None:
        return
    want = module.params[i]
    if tuple(values.shape) != want.shape:
        raise InvalidError(
            f"argument {i} ({want.name}) has shape {tuple(values.shape)},"
            f" expected {want.shape}",
            "argument",
        )
    if str(values.dtype) != want.dtype:
        raise InvalidError(
            f"argument {i} ({want.name}) has elements of type {values.dtype},"
            f" expected {want.dtype}",
            "argument",
            f"convert it: array.astype({want.dtype!r})",
        )
    if want.written and not values.flags.writeable:
        raise InvalidError(
            f"argument {i} ({want.name}) is a result, but the array is"
            " read-only",
            "argument",
        )


def _host_values(module: Module, i: int, array):
    from .module import Parameter

    written = module.params is None or module.params[i].written
    import numpy

    if written and not (
        isinstance(array, numpy.ndarray) or hasattr(array, "__dlpack__")
    ):
        name = module.params[i].name if module.params else Parameter.__name__
        raise InvalidError(
            f"argument {i} ({name}) is {type(array).__name__}, which can't"
            " take a result",
            "argument",
            "pass a numpy array",
        )
    values = as_numpy(array)
    _check_host(module, i, values)
    return values


@contextlib.contextmanager
def on_device(module: Module, arrays: Sequence, device: Device | None):
    """The arrays in the memory of one device, for one run.

    Those of the host are copied there before, and back after if the module
    writes them.
    """
    check_count(module, len(arrays))
    for array in arrays:
        if isinstance(array, Array) and device is None:
            device = array.device
    target = device or default_device(module.config)
    there, back = [], []
    for i, array in enumerate(arrays):
        if isinstance(array, Array):
            if array.device is not target:
                raise InvalidError(
                    f"argument {i} lies on another device", "argument"
                )
            there.append(array)
            continue
        values = _host_values(module, i, array)
        there.append(target.array(values))
        if module.params is None or module.params[i].written:
            back.append((values, there[-1]))
    yield target, there
    for values, array in back:
        if values.flags.writeable:
            values[...] = array.view()
