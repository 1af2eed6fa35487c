# SPDX-License-Identifier: Apache-2.0
"""Devices, arrays and modules."""
from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import unittest

import numpy
import support
import vtac


def add_one(n: int = 16, dtype: str = "int32"):
    a = vtac.placeholder((n,), dtype, name="a")
    b = vtac.compute((n,), lambda i: a[i] + vtac.const(1, dtype), "b")
    s = vtac.schedule(b)
    return vtac.build(s, [a, b], "add_one", accelerator=False)


class Arrays(unittest.TestCase):
    def setUp(self) -> None:
        self.device = vtac.Device()

    def test_round_trip(self) -> None:
        for dtype in (
            "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64"
            " bool"
        ).split():
            with self.subTest(dtype):
                values = numpy.arange(24).reshape(2, 3, 4).astype(dtype)
                array = self.device.array(values)
                self.assertEqual(
                    (array.shape, array.dtype), ((2, 3, 4), dtype)
                )
                self.assertEqual(array.nbytes, values.nbytes)
                numpy.testing.assert_array_equal(array.numpy(), values)
                numpy.testing.assert_array_equal(numpy.asarray(array), values)
                self.assertEqual(bytes(array), values.tobytes())

    def test_strides(self) -> None:
        values = numpy.arange(24).reshape(4, 6)[::2, ::3].T
        array = self.device.array(values)
        numpy.testing.assert_array_equal(array.numpy(), values)

    def test_view_shares_memory(self) -> None:
        array = self.device.empty((2, 3), "int32")
        self.assertEqual(array.ndim, 2)
        view = array.view()
        view[1, 2] = 7
        self.assertEqual(array[1, 2], 7)
        array[0, 0] = 5
        self.assertEqual(view[0, 0], 5)
        self.assertEqual(len(array), 2)
        self.assertEqual([list(row) for row in array][1], [0, 0, 7])

    def test_view_keeps_the_array(self) -> None:
        view = self.device.array(numpy.arange(1000)).view()
        gc.collect()
        numpy.testing.assert_array_equal(view, numpy.arange(1000))

    def test_dlpack(self) -> None:
        array = self.device.array(numpy.arange(6, dtype="float32"))
        self.assertEqual(array.__dlpack_device__(), (1, 0))
        shared = numpy.from_dlpack(array)
        array[3] = 9
        self.assertEqual(shared[3], 9)
        back = vtac.from_dlpack(shared, self.device)
        self.assertIsInstance(back, vtac.Array)
        numpy.testing.assert_array_equal(back.numpy(), shared)

    def test_write(self) -> None:
        array = self.device.empty((4,), "int16")
        array.write(b"\1\0\2\0\3\0\4\0")
        self.assertEqual(list(array), [1, 2, 3, 4])
        array.write(bytearray(8))
        self.assertEqual(list(array), [0] * 4)
        array.copy_from(numpy.array([4, 3, 2, 1], "int16"))
        self.assertEqual(list(array), [4, 3, 2, 1])

    def test_narrow_elements(self) -> None:
        array = self.device.empty((16,), "int4")
        self.assertEqual(len(bytes(array)), 8)
        with self.assertRaisesRegex(vtac.InvalidError, "numpy has no type"):
            array.numpy()

    def test_looks(self) -> None:
        array = self.device.array(numpy.arange(3))
        self.assertIn("0, 1, 2", repr(array))
        self.assertIn("Device sim", repr(self.device))

    def test_life(self) -> None:
        array = self.device.empty((4,), "int8")
        view = array.view()
        with self.assertRaises(BufferError):
            array.free()
        with self.assertRaises(BufferError):
            self.device.close()
        del view
        array.free()
        array.free()
        self.assertEqual(repr(array), "<Array, freed>")
        for use in (
            array.numpy,
            array.view,
            lambda: array.nbytes,
            lambda: array[0],
        ):
            with self.assertRaisesRegex(vtac.InvalidError, "freed"):
                use()
        other = self.device.empty((4,), "int8")
        self.assertTrue(self.device.is_open)
        self.device.close()
        self.device.close()
        self.assertFalse(self.device.is_open)
        for use in (
            other.numpy,
            lambda: self.device.empty((1,), "int8"),
            lambda: self.device.counters,
            self.device.clear_counters,
        ):
            with self.assertRaises(vtac.InvalidError):
                use()
        self.assertIn("closed", repr(self.device))


class Devices(unittest.TestCase):
    def test_counters(self) -> None:
        op = vtac.ops.gemm(1, 64, 64)
        module = op.build()
        arrays = [numpy.zeros(t.shape, t.dtype) for t in op.args]
        with vtac.Device() as device:
            module(*arrays, device=device)
            counters = device.counters
            self.assertIsInstance(counters, vtac.Counters)
            self.assertEqual(list(counters), vtac.counter_names())
            self.assertEqual(counters["gemm_counter"], 16)
            self.assertIn("gemm_counter", repr(counters))
            self.assertIn("<table>", counters._repr_html_())
            device.clear_counters()
            self.assertEqual(sum(device.counters.values()), 0)
            self.assertEqual(device.cycles, 0)

    def test_timing(self) -> None:
        op = vtac.ops.gemm(1, 64, 64)
        arrays = [numpy.zeros(t.shape, t.dtype) for t in op.args]
        with vtac.Device(simulator="timing") as device:
            op.build()(*arrays, device=device)
            self.assertGreater(device.cycles, 100)

    def test_options(self) -> None:
        op = vtac.ops.gemm(1, 64, 64)
        module = op.build()
        listings = []
        for options in (
            {"sim_path": "portable"},
            {"sim_path": "plain", "verify": True},
            {"force_serial": True, "on_listing": listings.append},
        ):
            arrays = [numpy.ones(t.shape, t.dtype) for t in op.args]
            with vtac.Device(**options) as device:
                module(*arrays, device=device)
            self.assertEqual(arrays[-1].max(), 64 >> 8)
        self.assertIn("GEMM", "".join(listings))

    def test_listing_that_raises(self) -> None:
        def bad(text) -> None:
            raise KeyError("mine")

        op = vtac.ops.gemm(1, 64, 64)
        arrays = [numpy.ones(t.shape, t.dtype) for t in op.args]
        with vtac.Device(on_listing=bad) as device:
            with self.assertRaisesRegex(KeyError, "mine"):
                op.build()(*arrays, device=device)

    def test_default(self) -> None:
        self.assertIs(vtac.default_device(), vtac.default_device())
        config = vtac.Config.load(
            f"{support.GOLDEN}/configs/b2/vta_config.json"
        )
        self.assertIsNot(vtac.default_device(config), vtac.default_device())


class Modules(unittest.TestCase):
    def test_numpy_and_device_arrays(self) -> None:
        module = add_one()
        self.assertIsInstance(module, vtac.Module)
        a = numpy.arange(16, dtype="int32")
        result = numpy.zeros(16, "int32")
        module(a, result)
        numpy.testing.assert_array_equal(result, a + 1)
        with vtac.Device() as device:
            there = device.array(a)
            out = device.empty((16,), "int32")
            module(there, out)
            numpy.testing.assert_array_equal(out.numpy(), a + 1)
            mixed = numpy.zeros(16, "int32")
            module(out, mixed)
            numpy.testing.assert_array_equal(mixed, a + 2)

    def test_strided_results(self) -> None:
        whole = numpy.zeros((16, 3), "int32")
        add_one()(numpy.arange(16, dtype="int32"), whole[:, 1])
        numpy.testing.assert_array_equal(whole[:, 1], numpy.arange(1, 17))
        self.assertEqual(whole[:, ::2].any(), False)

    def test_params(self) -> None:
        module = add_one()
        names = [(p.name, p.dtype, p.shape, p.written) for p in module.params]
        self.assertEqual(
            names, [("a", "int32", (16,), False), ("b", "int32", (16,), True)]
        )
        self.assertIsInstance(module.params[0], vtac.Parameter)
        self.assertIn("add_one(a: int32[16]", repr(module))

    def check_loaded(self, module: vtac.Module) -> None:
        a = numpy.arange(16, dtype="int32")
        result = numpy.zeros(16, "int32")
        module(a, result)
        numpy.testing.assert_array_equal(result, a + 1)

    def test_c_source(self) -> None:
        self.assertIn("add_one", add_one().c_source())

    @unittest.skipUnless(vtac.targets(), "there is no code generator")
    def test_native(self) -> None:
        module = add_one()
        self.check_loaded(module.compile())
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.o")
            module.save(path, origin="a test")
            loaded = vtac.load_module(path)
            self.assertEqual(loaded.origin, "a test")
            self.assertEqual([p.name for p in loaded.params], ["a", "b"])
            self.check_loaded(loaded)
            self.assertEqual(loaded.functions, (loaded.name,))
            function = loaded.function(loaded.name)
            del loaded
            self.check_loaded(function)
            with self.assertRaises(vtac.VtacError):
                function.function("nothing")
            with open(path, "rb") as file:
                self.check_loaded(vtac.load_module(file.read(), "m.o"))
            for target in vtac.targets():
                module.save(os.path.join(folder, target + ".o"), target)

    @unittest.skipUnless(vtac.targets(), "there is no code generator")
    def test_accelerator_module(self) -> None:
        op = vtac.ops.gemm(1, 64, 64)
        module = op.build()
        arrays = [numpy.full(t.shape, 9, t.dtype) for t in op.args]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.o")
            module.save(path)
            loaded = vtac.load_module(path)
        self.assertEqual(loaded.config, module.config)
        results = []
        for one in (module, module.compile(), loaded):
            arrays[-1][...] = 0
            with vtac.Device() as device:
                one(*arrays, device=device)
                results.append((arrays[-1].tobytes(), dict(device.counters)))
        self.assertEqual(results[1:], results[:1] * 2)

    def test_bad_files(self) -> None:
        with self.assertRaises(vtac.FileError):
            vtac.load_module("/does/not/exist.o")
        with self.assertRaises(vtac.FileError):
            vtac.load_module(b"no object")
        with self.assertRaises(vtac.VtacError):
            add_one().save("/does/not/exist/m.o")


class Boards(unittest.TestCase):
    def test_unknown(self) -> None:
        with self.assertRaisesRegex(OSError, "a board is pynq, ultra96"):
            vtac.Device(board="zedboard")

    def test_run(self) -> None:
        """A multiply beside an emulated board, which tells how many streams
        it ran."""
        program = """
import os, pathlib, numpy, vtac
folder = pathlib.Path(os.environ["EMULATED_BOARD"])
device = vtac.Device(board=folder / "board.json")
gemm = vtac.ops.gemm(1, 64, 64)
module = gemm.build()
data = numpy.arange(64, dtype="int8").reshape(1, 4, 1, 16)
weight = numpy.ones((4, 4, 16, 16), "int8")
result = device.array(numpy.zeros((1, 4, 1, 16), "int8"))
module(device.array(data), device.array(weight), result, device=device)
print(result.numpy().ravel().tolist(), device.counters["gemm_counter"],
      (folder / "log").read_text().count("run"))
"""
        ran = subprocess.run(
            [os.environ["EMULATOR"], sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": support.PYTHON},
        )
        self.assertEqual(ran.stdout, f"{[2016 >> 8] * 64} 16 1\n")


if __name__ == "__main__":
    unittest.main()
