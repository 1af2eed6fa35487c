# SPDX-License-Identifier: Apache-2.0
"""Mistakes end in exceptions that say what is wrong; nothing crashes."""
from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
import unittest

import numpy
import support
import vtac
from test_device import add_one


class Arguments(unittest.TestCase):
    def refused(self, pattern: str, function, *args, **kwargs) -> None:
        with self.assertRaisesRegex(vtac.VtacError, pattern):
            function(*args, **kwargs)

    def test_module_arguments(self) -> None:
        module = add_one()
        a, b = numpy.zeros(16, "int32"), numpy.zeros(16, "int32")
        self.refused("takes 2 arguments", module, a)
        self.refused("shape", module, a[:8], b)
        self.refused("type float64, expected int32", module, a * 1.0, b)
        self.refused("type int8", module, a, b.astype("int8"))
        b.flags.writeable = False
        self.refused("read-only", module, a, b)
        self.refused("can't take a result", module, a, [0] * 16)
        self.refused("can't take a result", module, a, None)
        self.refused("'vtac|no such|expected", module, "text", numpy.zeros(16))

    def test_device_arguments(self) -> None:
        module = add_one()
        with vtac.Device() as one, vtac.Device() as two:
            a, b = one.empty((16,), "int32"), two.empty((16,), "int32")
            self.refused("another device", module, a, b)
            c = one.empty((8,), "int32")
            self.refused("dimension 0 is 8", module, a, c)
            d = one.empty((16,), "int8")
            self.refused("int8", module, a, d)
            c.free()
            self.refused("freed", module, a, c)
        self.refused("closed", one.empty, (1,), "int8")

    def test_other_configuration(self) -> None:
        config = vtac.Config.load(
            f"{support.GOLDEN}/configs/b2/vta_config.json"
        )
        op = vtac.ops.gemm(1, 64, 64)
        arrays = [numpy.zeros(t.shape, t.dtype) for t in op.args]
        with vtac.Device(config) as device:
            self.refused("BATCH", op.build(), *arrays, device=device)

    def test_arrays(self) -> None:
        with vtac.Device() as device:
            self.refused("unknown data type", device.empty, (1,), "int99x")
            self.refused("at least 1", device.empty, (0,), "int8")
            self.refused("at least 1", device.empty, (-1,), "int8")
            self.refused("larger", device.empty, (1 << 31, 1 << 31), "int8")
            self.refused("extent", device.empty, (1.5,), "int8")
            array = device.empty((4,), "int8")
            self.refused("shape", array.copy_from, numpy.zeros(3, "int8"))
            self.refused("int64", array.copy_from, numpy.zeros(4, "int64"))
            self.refused("4 bytes", array.write, b"123")
            self.refused(
                "contiguous", array.write, numpy.zeros((4, 2), "int8")[:, 0]
            )
            self.refused("complex", device.array, numpy.zeros(1, "complex64"))
        self.refused("no device", vtac.Array, None, (1,), "int8")
        self.refused("simulator", vtac.Device, simulator="nothing")
        self.refused("path", vtac.Device, sim_path="nothing")

    def test_declarations(self) -> None:
        place = vtac.placeholder
        self.refused("unknown data type", place, (1,), "int3.5")
        self.refused("extent|at least 1|dimension", place, (0,), "int8")
        self.refused("extent", place, ("n",), "int8")
        self.refused("dimensions", place, (1,) * 40, "int8")
        self.refused("name", place, (1,), "int8", name="")
        t = place((4, 4), "int32", name="t")
        for function in (
            lambda i: t[i, i],
            lambda i, j, k: t[i, j],
            lambda i, j: t[i],
            lambda i, j: t,
            lambda i, j: None,
            lambda i, j: "text",
            lambda i, j: [t[i, j]],
            lambda i, j: t[i, j, 0],
            lambda i, j: t[1.5, j],
        ):
            with self.assertRaises((vtac.VtacError, TypeError)):
                vtac.compute((4, 4), function)
        self.refused("axis", vtac.sum, t[0, 0], 3)
        self.refused("pad", vtac.pad, t, [1])
        self.refused("negative|-1", vtac.pad, t, [-1, 0])
        self.refused("", vtac.reduce_axis, (5, 5))
        outer = []
        vtac.compute((4, 4), lambda i, j: outer.append(i) or t[i, j])
        self.refused("", vtac.compute, (4,), lambda k: t[outer[0], k])

    def test_exception_in_a_lambda(self) -> None:
        t = vtac.placeholder((4,), "int32", name="t")

        def bad(i):
            raise KeyError("mine")

        with self.assertRaisesRegex(KeyError, "mine"):
            vtac.compute((4,), bad)
        self.assertEqual(vtac.compute((4,), lambda i: t[i]).shape, (4,))

    def test_schedules(self) -> None:
        t = vtac.placeholder((4, 4), "int32", name="t")
        u = vtac.compute((4, 4), lambda i, j: t[i, j], "u")
        v = vtac.compute((4, 4), lambda i, j: t[i, j], "v")
        s = vtac.schedule(u)
        stage = s[u]
        i, j = u.axis
        self.refused("output", vtac.schedule, [])
        self.refused("", vtac.schedule, t)
        self.refused("", s.__getitem__, v)
        self.refused("no tensor", s.__getitem__, 3)
        self.refused("either", stage.split, i)
        self.refused("either", stage.split, i, 2, 2)
        self.refused("integer", stage.split, i, 1.5)
        self.refused("", stage.split, i, 0)
        self.refused("", stage.split, v.axis[0], 2)
        self.refused("no axis", stage.split, "i", 2)
        self.refused("no axis", stage.reorder, i, None)
        self.refused("", stage.reorder, i, i)
        self.refused("no stage", stage.compute_at, u, i)
        self.refused("", stage.compute_at, stage, i)
        self.refused("", stage.compute_inline)
        self.refused("", stage.set_scope, "nowhere")
        self.refused("", stage.bind, i, j)
        self.refused("", s.cache_read, t, "nowhere", [u])
        self.refused("no tensor", vtac.lower, s, [t, 3])
        self.refused("", vtac.lower, s, [t])
        self.refused("", vtac.lower, s, [t, t, u])
        self.refused("", vtac.lower, s, [t, v])
        outer, inner = stage.split(i, 2)
        self.refused("", stage.split, i, 2)
        stage.tensorize(inner)
        self.refused("", vtac.lower, s, [t, u])

    def test_errors_travel(self) -> None:
        try:
            vtac.placeholder((0,), "int8")
        except vtac.RefusedError as error:
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual(str(again), str(error))
            self.assertIsInstance(error, ValueError)
        self.assertTrue(issubclass(vtac.ExhaustedError, MemoryError))
        self.assertTrue(issubclass(vtac.FileError, OSError))
        self.assertTrue(issubclass(vtac.DeviceError, RuntimeError))


class Threads(unittest.TestCase):
    def run_all(self, function, count: int = 8) -> None:
        failures: list = []

        def work(n: int) -> None:
            try:
                function(n)
            except BaseException as error:
                failures.append(error)

        threads = [
            threading.Thread(target=work, args=(n,)) for n in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_everything_of_its_own(self) -> None:
        def work(n: int) -> None:
            op = vtac.ops.gemm(1, 64, 64)
            module = op.build()
            arrays = [numpy.full(t.shape, n, t.dtype) for t in op.args]
            with vtac.Device() as device:
                module(*arrays, device=device)
            self.assertEqual(arrays[-1].max(), min(127, 64 * n * n >> 8))

        self.run_all(work)

    def test_shared_context(self) -> None:
        """Errors reach the thread that made them."""
        context = vtac.Context()

        def work(n: int) -> None:
            with context:
                for i in range(50):
                    if n % 2:
                        with self.assertRaises(vtac.RefusedError):
                            vtac.placeholder((0,), "int8")
                    t = vtac.placeholder((4,), "int32", name=f"t{n}")
                    u = vtac.compute((4,), lambda k: t[k] + n)
                    s = vtac.schedule(u)
                    text = str(vtac.lower(s, [t, u], accelerator=False))
                    self.assertIn(f"t{n}", text)

        self.run_all(work)

    def test_shared_device_and_module(self) -> None:
        module = add_one()
        device = vtac.Device()

        def work(n: int) -> None:
            a = numpy.full(16, n, "int32")
            result = numpy.zeros(16, "int32")
            for _ in range(50):
                module(a, result, device=device)
                self.assertEqual(set(result), {n + 1})

        self.run_all(work)
        device.close()

    def test_objects_of_another_thread(self) -> None:
        t = vtac.placeholder((4,), "int32", name="t")

        def work(n: int) -> None:
            with self.assertRaisesRegex(vtac.InvalidError, "another context"):
                vtac.compute((4,), lambda i: t[i])
            with t._context:
                vtac.compute((4,), lambda i: t[i])

        self.run_all(work)


class Life(unittest.TestCase):
    def test_objects_keep_their_context(self) -> None:
        t = vtac.placeholder((4,), "int32", name="t")
        u = vtac.compute((4,), lambda i: t[i] + 1, "u")
        body = u.body
        del t, u
        gc.collect()
        self.assertIn("t[", str(body))
        axis = (
            vtac.schedule(vtac.compute((4,), lambda i: i, "v")).stages[0].axis
        )
        gc.collect()
        self.assertEqual(axis[0].name, "i")

    def test_modules_outlive_contexts(self) -> None:
        module = add_one()
        gc.collect()
        result = numpy.zeros(16, "int32")
        module(numpy.arange(16, dtype="int32"), result)
        self.assertEqual(result[3], 4)

    @unittest.skipIf(
        "asan" in os.environ.get("LD_PRELOAD", ""), "ASan keeps it"
    )
    def test_many_programs_do_not_pile_up(self) -> None:
        import resource

        def peak() -> int:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        for _ in range(50):
            vtac.ops.gemm(1, 64, 64).build()
        before = peak()
        for _ in range(300):
            vtac.ops.gemm(1, 64, 64).build()
        self.assertLess(peak() - before, 20_000)

    def test_interpreter_exit(self) -> None:
        """Whatever is alive at the end, the process ends well."""
        program = (
            "import sys; sys.path[:0] = %r\n"
            "import numpy, vtac\n"
            "device = vtac.Device()\n"
            "array = device.array(numpy.arange(4))\n"
            "view = array.view()\n"
            "cycle = [array]; cycle.append(cycle)\n"
            "default = vtac.default_device().array(numpy.arange(4))\n"
            "t = vtac.placeholder((4,), 'int8')\n"
            "s = vtac.schedule(vtac.compute((4,), lambda i: t[i]))\n"
        ) % [support.PYTHON]
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=False
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
