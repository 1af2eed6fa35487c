# SPDX-License-Identifier: Apache-2.0
"""Sessions: where modules run."""
from __future__ import annotations

import os

import vtac

from ._missing import getattr_of
from .contrib import utils
from .runtime.device import Device, cpu, device, ext_dev
from .runtime.module import BenchmarkResult, Module, load_module
from .runtime.ndarray import NDArray
from .runtime.registry import get_global_func


def _file(data, target) -> tuple[bytes, str]:
    """What is uploaded, and under which name."""
    if isinstance(data, (bytes, bytearray)):
        if not target:
            raise ValueError("target must present when file is a bytearray")
        return bytes(data), target
    with open(data, "rb") as file:
        return file.read(), target or os.path.basename(data)


class LocalSession:
    """This process, in the place of a board."""

    def __init__(self) -> None:
        self._temp = utils.tempdir()

    def upload(self, data, target=None) -> None:
        """Copies a file, or bytes under the name ``target``, to the
        session."""
        blob, name = _file(data, target)
        with open(self._temp.relpath(name), "wb") as file:
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


# ---- Sessions of other machines ---------------------------------------------


class RemoteDevice(Device):
    """A device of a session."""

    def __init__(
        self, session: RPCSession, device_type: int, device_id: int = 0
    ) -> None:
        self.session = session
        self.device_type = device_type
        self.device_id = device_id

    @property
    def _place(self) -> tuple[int, int]:
        return self.device_type, self.device_id

    @property
    def exist(self) -> bool:
        """Whether the server has it."""
        return bool(self.session.session.attribute(0, self._place))

    @property
    def device_name(self) -> str | None:
        """What it is: vtac's servers have a "simulator" or a "board"."""
        return self.session.session.attribute(5, self._place)

    def sync(self, stream=None) -> None:
        """Waits until it has done what it was asked for."""
        self.session.session.sync(self._place)

    @property
    def simulator(self) -> RemoteDevice:
        """What arrays are made by: the device itself."""
        return self

    def empty(self, shape, dtype: str) -> vtac.rpc.RemoteArray:
        """An array on the device."""
        return self.session.session.empty(shape, dtype, self._place)

    def array(self, source) -> vtac.rpc.RemoteArray:
        """A copy of an array on the device."""
        return self.session.session.array(source, self._place)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RemoteDevice):
            return (
                self.session is other.session and self._place == other._place
            )
        return NotImplemented

    def __hash__(self) -> int:
        return hash((id(self.session), self._place))

    def __repr__(self) -> str:
        name = {1: "cpu", 12: "ext_dev"}.get(self.device_type, "device")
        return f"remote_{name}({self.device_id})"


class RemoteModule:
    """A module of a session."""

    def __init__(
        self, session: RPCSession, module: vtac.rpc.RemoteModule
    ) -> None:
        self.session = session
        self.handle = module

    @property
    def entry_name(self) -> str:
        """What its only function is called."""
        return "__tvm_main__"

    @property
    def entry_func(self):
        """Its only function."""
        return self.get_function(self.entry_name)

    def get_function(self, name: str, query_imports: bool = False):
        """The function of that name."""
        try:
            function = self.handle.function(name)
        except vtac.InvalidError:
            raise AttributeError(f"Module has no function '{name}'") from None
        return lambda *args: function(*map(_value, args))

    __getitem__ = get_function

    def __call__(self, *args) -> None:
        self.handle(*map(_value, args))

    def time_evaluator(
        self,
        func_name,
        dev,
        number: int = 10,
        repeat: int = 1,
        min_repeat_ms: int = 0,
        cooldown_interval_ms: int = 0,
        repeats_to_cooldown: int = 1,
        f_preproc: str = "",
        **options,
    ):
        """A function that times ``func_name`` on the server."""

        def evaluate(*args) -> BenchmarkResult:
            return BenchmarkResult(
                self.handle.time(
                    *map(_value, args),
                    name=func_name,
                    device=(dev.device_type, dev.device_id),
                    number=number,
                    repeat=repeat,
                    min_repeat_ms=min_repeat_ms,
                    cooldown_ms=cooldown_interval_ms,
                    repeats_to_cooldown=repeats_to_cooldown,
                    preprocess=f_preproc,
                )
            )

        return evaluate


def _value(arg):
    """An argument as vtac sends it."""
    if isinstance(arg, NDArray):
        return arg.handle
    if isinstance(arg, RemoteModule):
        return arg.handle
    return bytes(arg) if isinstance(arg, bytearray) else arg


def _result(session: RPCSession, value):
    """A result as programs expect it."""
    if isinstance(value, vtac.rpc.RemoteModule):
        return RemoteModule(session, value)
    if isinstance(value, bytes):
        return bytearray(value)
    return value


class RPCSession:
    """A session on a server."""

    def __init__(self, session: vtac.rpc.Session) -> None:
        self.session = session

    def upload(self, data, target=None) -> None:
        """Copies a file, or bytes under the name ``target``, to the
        server."""
        blob, name = _file(data, target)
        self.session.upload(name, blob)

    def download(self, path) -> bytearray:
        """A file of the server's folder."""
        return bytearray(self.session.download(path))

    def remove(self, path) -> None:
        """Removes a file of the server's folder."""
        self.session.remove(path)

    def load_module(self, path) -> RemoteModule:
        """Loads a file that was uploaded."""
        return RemoteModule(self, self.session.load_module(path))

    def get_function(self, name: str):
        """A function of the server by its name."""
        try:
            function = self.session.function(name)
        except vtac.InvalidError:
            raise AttributeError(
                f"Cannot find function {name} in the server"
            ) from None
        return lambda *args: _result(self, function(*map(_value, args)))

    def cpu(self, dev_id: int = 0) -> RemoteDevice:
        """The server's processor."""
        return RemoteDevice(self, 1, dev_id)

    def ext_dev(self, dev_id: int = 0) -> RemoteDevice:
        """The server's accelerator."""
        return RemoteDevice(self, 12, dev_id)

    def device(self, dev_type, dev_id: int = 0) -> RemoteDevice:
        """A device by the name of its type, or by a target's text."""
        return RemoteDevice(self, device(dev_type).device_type, dev_id)

    context = device


def connect(
    url,
    port,
    key="",
    session_timeout=0,
    session_constructor_args=None,
    enable_logging=False,
) -> RPCSession:
    """A session on a server; ``$VTAC_RPC_SECRET`` is what a server of vtac
    may ask for besides the key."""
    if session_constructor_args or enable_logging:
        raise NotImplementedError(
            "vtac's sessions are the server's own and write no log"
        )
    return RPCSession(
        vtac.rpc.connect(
            url, int(port), key, session_seconds=session_timeout or 0
        )
    )


class TrackerSession:
    """A tracker, which knows servers by their keys."""

    def __init__(self, addr) -> None:
        self._addr = addr[0], int(addr[1])

    def request(
        self,
        key,
        priority: int = 1,
        session_timeout=0,
        max_retry: int = 5,
        session_constructor_args=None,
    ) -> RPCSession:
        """A session on a server of that key, as soon as one is free."""
        return RPCSession(
            vtac.rpc.request(
                *self._addr,
                key,
                priority=priority,
                session_seconds=session_timeout or 0,
            )
        )

    def request_and_run(
        self,
        key,
        func,
        priority: int = 1,
        session_timeout=0,
        max_retry: int = 2,
    ):
        """``func(session)`` on a server of that key."""
        session = self.request(key, priority, session_timeout)
        try:
            return func(session)
        finally:
            session.session.close()

    def summary(self) -> dict:
        """What the tracker knows."""
        state = vtac.rpc.summary(*self._addr)
        return {
            "queue_info": state["queues"],
            "server_info": [
                {
                    "key": "server:" + server["key"],
                    "addr": [server["host"], server["port"]],
                }
                for server in state["servers"]
            ],
        }

    def text_summary(self) -> str:
        """What the tracker knows, as tables."""
        state = vtac.rpc.summary(*self._addr)
        lines = ["Server List", f"{'server-address':<22}key"]
        for server in state["servers"]:
            place = f"{server['host']}:{server['port']}"
            lines.append(f"{place:<22}server:{server['key']}")
        lines += ["", "Queue Status", f"{'key':<22}{'free':>6}{'pending':>9}"]
        for key, queue in sorted(state["queues"].items()):
            lines.append(f"{key:<22}{queue['free']:>6}{queue['pending']:>9}")
        return "\n".join(lines) + "\n"


def connect_tracker(url, port) -> TrackerSession:
    """The tracker at that address."""
    return TrackerSession((url, port))


__getattr__ = getattr_of(__name__)

__all__ = [
    "LocalSession",
    "RPCSession",
    "RemoteDevice",
    "RemoteModule",
    "TrackerSession",
    "connect",
    "connect_tracker",
]
