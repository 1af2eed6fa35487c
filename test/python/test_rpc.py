# SPDX-License-Identifier: Apache-2.0
"""Sessions: of this process, on a server, by a tracker; and programs for tvm
that use them."""
from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy
import pages
import support
import tvm
import vta
import vtac
from tvm import rpc
from vta.testing import simulator
from vtac.rpc import CPU, EXT_DEV, SERVER_PORT, TRACKER_PORT, RemoteArray
from vtac.rpc import RemoteFunction, RemoteModule, Session

COMMAND = os.environ.get("VTAC") or os.path.join(
    os.path.dirname(vtac.rpc.lib.path), "vtac"
)
SECRET = "a secret of 24 letters.."
HAS_CODE = bool(vtac.targets())  # else there is nothing to upload
needs_code = unittest.skipUnless(HAS_CODE, "there is no code generator")


@contextlib.contextmanager
def serving(*options: str, command: str = "rpc-server", secret: str = ""):
    """The port of a server, or tracker, that runs meanwhile."""
    environment = {**os.environ, "VTAC_RPC_SECRET": secret}
    process = subprocess.Popen(
        [COMMAND, command, "--port", "0", *options],
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    try:
        for line in process.stderr:
            found = re.search(r"event=listening.* port=(\d+)", line)
            if found:
                break
        else:
            raise RuntimeError("the server does not listen")
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        yield int(found[1])
    finally:
        process.terminate()
        drain.join()
        process.wait()
        process.stderr.close()


def kernel() -> tuple[vtac.Module, numpy.ndarray, numpy.ndarray]:
    """b = a + 1 on the accelerator: the module, its input, its output."""
    shape = (4, 1, 16)
    a = vtac.placeholder(shape, "int32", name="a")
    a_buf = vtac.copy(a, "a_buf")
    b_buf = vtac.compute(shape, lambda *i: a_buf[i] + 1, name="b_buf")
    b = vtac.compute(shape, lambda *i: b_buf[i].astype("int8"), name="b")
    s = vtac.schedule(b)
    for tensor in (a_buf, b_buf):
        s[tensor].set_scope(vtac.ACC_SCOPE)
    for tensor in (a_buf, b):
        s[tensor].pragma(s[tensor].axis[0], vtac.DMA_COPY)
    s[b_buf].pragma(s[b_buf].axis[0], vtac.ALU)
    module = vtac.build(s, [a, b], name="plus_one")
    values = numpy.arange(64, dtype="int32").reshape(shape)
    return module, values, (values + 1).astype("int8")


def object_file(module: vtac.Module) -> bytes:
    """The module as a file's contents."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.o")
        module.save(path)
        with open(path, "rb") as file:
            return file.read()


class Sessions(unittest.TestCase):
    def use(self, session: Session) -> None:
        """Everything that a session can do."""
        self.assertTrue(session.is_open)
        session.upload("a.bin", b"12345")
        self.assertEqual(session.download("a.bin"), b"12345")
        session.remove("a.bin")
        with self.assertRaises(vtac.DeviceError) as caught:
            session.download("a.bin")
        self.assertEqual(caught.exception.id, "rpc-remote")
        self.assertEqual(session.attribute(0), 1)
        self.assertEqual(session.attribute(0, (CPU, 0)), 1)
        self.assertEqual(session.attribute(0, (2, 0)), 0)
        session.sync()
        self.use_functions(session)
        self.use_arrays(session)
        session.reconfigure(vtac.Config())
        if HAS_CODE:
            self.use_module(session)
        session.program("none.bit", b"bits")

    def use_functions(self, session: Session) -> None:
        path = session.function("tvm.rpc.server.workpath")
        self.assertIsInstance(path, RemoteFunction)
        self.assertEqual(os.path.basename(path("x.o")), "x.o")
        self.assertIn("workpath", repr(path))
        with self.assertRaises(vtac.InvalidError) as caught:
            session.function("no.such")
        self.assertEqual(caught.exception.id, "rpc-missing")
        with self.assertRaises(vtac.InvalidError):
            path(object())
        exists = session.function("runtime.GetDeviceAttr")
        self.assertEqual(exists(EXT_DEV, 0, 0), 1)
        path.free()
        with self.assertRaises(vtac.InvalidError):
            path("x")

    def use_arrays(self, session: Session) -> None:
        values = numpy.arange(24, dtype="float32").reshape(2, 3, 4)
        array = session.array(values, (CPU, 0))
        self.assertIsInstance(array, RemoteArray)
        self.assertEqual(
            (array.shape, array.dtype, array.nbytes, len(array)),
            ((2, 3, 4), "float32", 96, 2),
        )
        numpy.testing.assert_equal(array.numpy(), values)
        other = session.empty((2, 3, 4), "float32")
        other.copy_from(array)
        numpy.testing.assert_equal(numpy.asarray(other), values)
        other[0] = 7
        self.assertEqual(other[0, 0, 0], 7)
        strided = numpy.zeros((2, 4, 3), "float32").transpose(0, 2, 1)
        numpy.testing.assert_equal(other.copy_from(strided).numpy(), strided)
        for wrong in (values[0], values.astype("int8")):
            with self.assertRaises(vtac.InvalidError):
                other.copy_from(wrong)
        with self.assertRaises(vtac.InvalidError):
            session.empty((0,), "int8")
        self.assertIn("float32", repr(other))
        del other
        gc.collect()
        array.free()
        with self.assertRaises(vtac.InvalidError):
            array.numpy()

    def use_module(self, session: Session) -> None:
        module, values, expected = kernel()
        session.upload("x.o", object_file(module))
        there = session.load_module("x.o")
        self.assertIsInstance(there, RemoteModule)
        a = session.array(values)
        b = session.empty(expected.shape, "int8")
        session.clear_counters()
        there(a, b)
        numpy.testing.assert_equal(b.numpy(), expected)
        device = vtac.Device()
        module(device.array(values), device.empty(b.shape, "int8"))
        self.assertEqual(session.counters, device.counters)
        self.assertEqual(session.cycles, 0)
        b.copy_from(numpy.zeros(b.shape, "int8"))
        there.function("plus_one")(a, b)
        numpy.testing.assert_equal(b.numpy(), expected)
        seconds = there.time(a, b, number=2, repeat=3)
        self.assertEqual(len(seconds), 3)
        self.assertTrue(all(0 < s < 10 for s in seconds))
        with self.assertRaises(vtac.DeviceError):
            there(a)
        with self.assertRaises(vtac.InvalidError):
            there.function("none")

    def test_local(self) -> None:
        with vtac.rpc.local() as session:
            self.use(session)
        self.assertFalse(session.is_open)
        self.assertIn("closed", repr(session))
        with self.assertRaises(vtac.InvalidError):
            session.upload("x", b"")
        with self.assertRaises(vtac.InvalidError):
            vtac.rpc.local(simulator="none")

    def test_two_sessions(self) -> None:
        with vtac.rpc.local() as one, vtac.rpc.local() as two:
            array = one.array(numpy.ones(4, "int8"))
            with self.assertRaises(vtac.InvalidError):
                two.function("tvm.rpc.server.workpath")(array)
            copy = two.empty((4,), "int8").copy_from(array)
            numpy.testing.assert_equal(copy.numpy(), [1, 1, 1, 1])

    def test_server(self) -> None:
        with serving("--key", "lab") as port:
            with vtac.rpc.connect("127.0.0.1", port, "lab") as session:
                self.use(session)
            with self.assertRaises(vtac.RefusedError) as caught:
                vtac.rpc.connect("127.0.0.1", port, "other")
            self.assertEqual(caught.exception.id, "rpc-key")

    def test_secret(self) -> None:
        with serving(secret=SECRET) as port:
            with vtac.rpc.connect("127.0.0.1", port, secret=SECRET) as session:
                self.assertEqual(session.attribute(0), 1)
            with self.assertRaises(vtac.RefusedError):
                vtac.rpc.connect("127.0.0.1", port)

    def test_threads(self) -> None:
        with serving() as port:
            session = vtac.rpc.connect("127.0.0.1", port, call_seconds=30)
            wrong = []

            def copy(seed: int) -> None:
                values = numpy.full(1 << 12, seed, "int32")
                for _ in range(50):
                    if (session.array(values).numpy() != seed).any():
                        wrong.append(seed)

            threads = [
                threading.Thread(target=copy, args=(i,)) for i in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])
            session.close()

    def test_nobody_there(self) -> None:
        self.assertEqual((SERVER_PORT, TRACKER_PORT), (9091, 9190))
        for call in (
            vtac.rpc.connect,
            vtac.rpc.request,
            vtac.rpc.summary,
        ):
            with self.assertRaises(vtac.FileError) as caught:
                call("127.0.0.1", 1)
            self.assertEqual(caught.exception.id, "rpc-connect")


class Trackers(unittest.TestCase):
    def test_tracker(self) -> None:
        with serving(command="rpc-tracker") as tracker:
            place = f"127.0.0.1:{tracker}"
            with serving("--tracker", place, "--key", "lab"):
                session = vtac.rpc.request("127.0.0.1", tracker, "lab")
                self.assertEqual(session.attribute(0), 1)
                state = vtac.rpc.summary("127.0.0.1", tracker)
                self.assertEqual(
                    [s["key"] for s in state["servers"]], ["lab"]
                )
                self.assertIn("lab", state["queues"])
                session.close()
                self.use_compat(tracker)

    def use_compat(self, port: int) -> None:
        tracker = rpc.connect_tracker("127.0.0.1", port)
        self.assertIsInstance(tracker, rpc.TrackerSession)
        remote = tracker.request("lab", session_timeout=60)
        self.assertTrue(remote.ext_dev(0).exist)
        remote.session.close()
        exists = tracker.request_and_run("lab", lambda r: r.cpu(0).exist)
        self.assertTrue(exists)
        self.assertEqual(
            tracker.summary()["server_info"][0]["key"], "server:lab"
        )
        self.assertIn("server:lab", tracker.text_summary())


class Programs(unittest.TestCase):
    """What programs for tvm do with a server."""

    def test_compat(self) -> None:
        with serving() as port:
            remote = rpc.connect("127.0.0.1", port)
            self.assertIsInstance(remote, rpc.RPCSession)
            remote.upload(bytearray(b"123"), "a.bin")
            self.assertEqual(remote.download("a.bin"), bytearray(b"123"))
            remote.remove("a.bin")
            with self.assertRaises(ValueError):
                remote.upload(b"123")
            with self.assertRaises(AttributeError):
                remote.get_function("no.such")
            vta.reconfig_runtime(remote)
            vta.program_fpga(remote)
            device = remote.device("ext_dev", 0)
            self.assertIsInstance(device, rpc.RemoteDevice)
            self.assertEqual(device, remote.ext_dev(0))
            self.assertNotEqual(device, remote.cpu(0))
            self.assertEqual(repr(device), "remote_ext_dev(0)")
            self.assertEqual(len({device, remote.context("ext_dev")}), 1)
            self.assertFalse(remote.device(2).exist)
            self.assertEqual(device.device_name, "simulator")
            device.sync()
            values = numpy.arange(6, dtype="int8").reshape(2, 3)
            array = tvm.nd.array(values, device)
            numpy.testing.assert_equal(array.numpy(), values)
            numpy.testing.assert_equal(
                array.copyto(tvm.cpu()).numpy(), values
            )
            there = tvm.nd.empty((2, 3), "int8", device)
            array.copyto(there)
            numpy.testing.assert_equal(there.numpy(), values)
            self.assertEqual(there[1, 2], 5)
            with self.assertRaises(AttributeError):
                there.to_dlpack()
            if HAS_CODE:
                self.use_module(remote)

    def use_module(self, remote) -> None:
        module, values, expected = kernel()
        remote.upload(object_file(module), "x.o")
        there = remote.load_module("x.o")
        self.assertIsInstance(there, rpc.RemoteModule)
        dev = remote.ext_dev(0)
        a = tvm.nd.array(values, dev)
        b = tvm.nd.empty(expected.shape, "int8", dev)
        for run in (
            there,
            there["plus_one"],
            there.entry_func,
            there.get_function(there.entry_name),
        ):
            b.copyfrom(numpy.zeros(b.shape, "int8"))
            run(a, b)
            numpy.testing.assert_equal(b.numpy(), expected)
        with self.assertRaises(AttributeError):
            there["none"]
        timer = there.time_evaluator("plus_one", dev, number=2, repeat=2)
        self.assertEqual(len(timer(a, b).results), 2)
        status = remote.get_function("vta.simulator.profiler_status")()
        self.assertGreater(json.loads(status)["alu_counter"], 0)
        self.assertEqual(simulator.stats()["alu_counter"], 0)

    def test_what_is_not_there(self) -> None:
        with self.assertRaises(NotImplementedError):
            rpc.connect("127.0.0.1", 1, enable_logging=True)

    @needs_code
    def test_tutorials(self) -> None:
        """The tutorials as for a board, on a server of this machine."""
        for name in ("matrix-multiply", "convolution"):
            with self.subTest(name), serving() as port:
                self.run_tutorial(name, port)

    def run_tutorial(self, name: str, port: int) -> None:
        path = os.path.join(support.DOCS, "tutorials", "en", name + ".md")
        program = "\n".join(pages.Page(path).sources())
        self.assertIn(LOCAL, program)
        keys = {**vtac.Config()._keys(), "TARGET": "pynq"}
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "config"))
            config = os.path.join(folder, "config", "vta_config.json")
            with open(config, "w", encoding="utf-8") as file:
                json.dump(keys, file)
            environment = {
                **os.environ,
                "VTA_HW_PATH": folder,
                "VTA_RPC_HOST": "127.0.0.1",
                "VTA_RPC_PORT": str(port),
                "VTAC_TARGET_HOST": "llvm",
                "PYTHONPATH": os.pathsep.join(
                    [support.COMPAT, support.PYTHON]
                ),
            }
            done = subprocess.run(
                [sys.executable, "-c", program.replace(LOCAL, REMOTE)],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        # The simulator of this process had nothing to do.
        self.assertRegex(done.stdout, r"gemm_counter *: *0\n")


# How the pages and the reference's tutorials begin.
LOCAL = "remote = rpc.LocalSession()\n"
REMOTE = """
import os
assert env.TARGET == "pynq" and tvm.runtime.enabled("rpc")
host = os.environ.get("VTA_RPC_HOST", "192.168.2.99")
remote = rpc.connect(host, int(os.environ.get("VTA_RPC_PORT", "9091")))
vta.reconfig_runtime(remote)
vta.program_fpga(remote, bitstream=None)
"""


if __name__ == "__main__":
    unittest.main()
