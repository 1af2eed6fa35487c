# SPDX-License-Identifier: Apache-2.0
"""Schedules, intrinsics, lowering and operators."""
from __future__ import annotations

import unittest

import numpy
import support
import vtac


def chain(n: int = 64):
    a = vtac.placeholder((n, n), "int32", name="a")
    b = vtac.compute((n, n), lambda i, j: a[i, j] + 1, "b")
    c = vtac.compute((n, n), lambda i, j: b[i, j] * 2, "c")
    return a, b, c


class Primitives(unittest.TestCase):
    def setUp(self) -> None:
        self.a, self.b, self.c = chain()
        self.s = vtac.schedule(self.c)

    def check(self) -> str:
        """The schedule computes what it did before."""
        lowered = vtac.lower(self.s, [self.a, self.c], accelerator=False)
        module = vtac.build(self.s, [self.a, self.c], accelerator=False)
        value = numpy.arange(64 * 64, dtype="int32").reshape(64, 64)
        result = numpy.zeros_like(value)
        module(value, result)
        numpy.testing.assert_array_equal(result, (value + 1) * 2)
        return str(lowered)

    def test_loops(self) -> None:
        stage = self.s[self.c]
        i, j = stage.axis
        outer, inner = stage.split(i, factor=10)
        self.assertEqual((outer.extent, inner.extent), (7, 10))
        first, second = stage.split(j, nparts=4)
        self.assertEqual((first.extent, second.extent), (4, 16))
        stage.reorder(first, outer, inner, second)
        fused = stage.fuse(first, outer)
        self.assertEqual(
            (fused.name, fused.extent), ("j.outer.i.outer.fused", 28)
        )
        self.assertEqual(
            [str(loop) for loop in stage.loops],
            ["j.outer.i.outer.fused(28)", "i.inner(10)", "j.inner(16)"],
        )
        self.check()

    def test_vector_of_exchanged_loops(self) -> None:
        stage = self.s[self.b]
        i, j = stage.axis
        outer, inner = stage.split(j, factor=2)
        stage.reorder(outer, inner, i)
        stage.vectorize(stage.fuse(inner, i))
        # All lanes' places have one name, which no processor has registers for.
        self.assertRegex(self.check(), r"let cse_var_\d: int32x128 = ")

    def test_lists_of_axes(self) -> None:
        stage = self.s[self.c]
        stage.reorder(list(reversed(stage.axis)))
        stage.fuse([loop.axis for loop in stage.loops])
        self.check()

    def test_tile(self) -> None:
        stage = self.s[self.c]
        made = stage.tile(*stage.axis, 8, 16)
        self.assertEqual([axis.extent for axis in made], [8, 4, 8, 16])
        self.check()

    def test_kinds(self) -> None:
        stage = self.s[self.c]
        outer, inner = stage.split(stage.axis[1], factor=4)
        stage.unroll(inner)
        stage.parallel(stage.axis[0])
        self.assertIn("parallel", self.check())
        self.assertIn("unrolled", str(stage).lower())
        vectors = self.s[self.b]
        _, inner = vectors.split(vectors.axis[1], factor=4)
        vectors.vectorize(inner)
        self.assertIn("ramp", self.check())

    def test_places(self) -> None:
        b, c = self.s[self.b], self.s[self.c]
        self.assertEqual(b.place, "root")
        b.compute_at(c, c.axis[0])
        self.assertEqual(b.place, "in c at i")
        self.check()
        b.compute_root()
        self.check()
        b.compute_inline()
        self.assertEqual(b.place, "inline")
        self.assertNotIn("allocate", self.check())

    def test_caches(self) -> None:
        copied = self.s.cache_read(self.a, "global", self.b)
        self.assertEqual(copied.shape, self.a.shape)
        written = self.s.cache_write(self.b, "global")
        self.assertIn("b.global", written.name)
        self.assertEqual(len(self.s.stages), 5)
        self.check()

    def test_virtual_threads(self) -> None:
        stage = self.s[self.c]
        outer, _ = stage.split(stage.axis[0], nparts=2)
        stage.bind(outer, vtac.thread_axis("cthread"))
        loop = stage.loops[0]
        self.assertEqual(loop.thread.tag, "cthread")
        self.assertIn("bound to cthread", repr(loop))
        self.check()

    def test_pragma(self) -> None:
        stage = self.s[self.c]
        stage.pragma(stage.axis[0], "mine", 7)
        stage.pragma(stage.axis[1], "other")
        self.assertEqual(stage.loops[0].pragmas, ("mine",))
        text = str(vtac.lower(self.s, [self.a, self.c], accelerator=False))
        self.assertIn('"pragma_mine" = 7', text)

    def test_looks(self) -> None:
        self.s[self.b].set_scope("global")
        self.assertEqual(self.s[self.b].scope, "global")
        for text in (str(self.s), repr(self.s), self.s._repr_html_()):
            self.assertIn("stage", text)
        stage = self.s[self.c]
        self.assertEqual(stage.name, "c")
        self.assertTrue(stage.is_output)
        self.assertEqual(stage, self.s[self.c])
        self.assertEqual(len({stage, self.s[self.c]}), 1)
        self.assertEqual(stage.reduce_axis, ())
        self.assertEqual([x.name for x in self.s], ["a", "b", "c"])
        self.assertEqual(len(self.s), 3)
        self.assertIn("<stage c", repr(stage))
        self.assertIsInstance(stage.loops[0], vtac.LoopInfo)


class Lowering(unittest.TestCase):
    def setUp(self) -> None:
        self.a, self.b, self.c = chain()
        self.s = vtac.schedule([self.c])

    def test_text(self) -> None:
        low = vtac.lower(self.s, [self.a, self.c], "f", verify=True)
        self.assertIsInstance(low, vtac.Lowered)
        self.assertTrue(str(low).startswith("@f = primfn("))
        self.assertEqual(repr(low), low.text)
        self.assertIn("primfn", low._repr_html_())
        again = vtac.lower(self.s, [self.a, self.c], "f")
        self.assertEqual(low, again)
        self.assertEqual(hash(low), hash(again))

    def test_trace(self) -> None:
        trace = vtac.trace(self.s, [self.a, self.c])
        self.assertIsInstance(trace, vtac.Trace)
        self.assertIsInstance(trace[0], vtac.PassRun)
        self.assertEqual(trace[0].name, "StorageFlatten")
        self.assertEqual(len(list(trace)), len(trace))
        self.assertIn("primfn", trace["Simplify"].text)
        self.assertIn("StorageFlatten", repr(trace))
        self.assertIn("<table>", trace._repr_html_())
        self.assertIn("changed", repr(trace[0]))
        with self.assertRaises(KeyError):
            trace["Nothing"]

    def test_callback_that_raises(self) -> None:
        def bad(run) -> None:
            raise KeyError("mine")

        with self.assertRaisesRegex(KeyError, "mine"):
            vtac.lower(self.s, [self.a, self.c], on_pass=bad)

    def test_passes(self) -> None:
        names = [p.name for p in vtac.passes()]
        self.assertIn("CommonSubexprElim", names)
        self.assertIsInstance(vtac.passes()[0], vtac.PassInfo)
        self.assertTrue(all(p.what and repr(p) for p in vtac.passes()))

    def test_disabled(self) -> None:
        args = self.s, [self.a, self.c]
        text = str(vtac.lower(*args, disabled="CommonSubexprElim"))
        self.assertNotIn("cse_var", text)
        with self.assertRaisesRegex(vtac.InvalidError, "no pass 'Nothing'"):
            vtac.lower(*args, disabled=["Nothing"])

    def test_each_pass_disabled(self) -> None:
        """Leaving a pass out ends in text or in an error."""
        op = vtac.ops.gemm(1, 64, 64).schedule_to("vta")
        for info in vtac.passes():
            with self.subTest(info.name):
                try:
                    vtac.lower(op.schedule, op.args, disabled=[info.name])
                except vtac.VtacError:
                    pass


class Intrinsics(unittest.TestCase):
    def declare(self):
        x = vtac.placeholder((4,), "int32", name="x")
        y = vtac.compute((4,), lambda i: x[i] + 1, name="y")
        views = {
            t: vtac.decl_buffer(
                t.shape, t.dtype, t.name, offset_factor=4, alignment=4
            )
            for t in (x, y)
        }
        return x, y, views

    def schedule(self, intrin):
        a = vtac.placeholder((16,), "int32", name="a")
        b = vtac.compute((16,), lambda i: a[i] + 1, name="b")
        s = vtac.schedule(b)
        _, inner = s[b].split(b.axis[0], factor=4)
        s[b].tensorize(inner, intrin)
        return s, [a, b]

    def test_by_parts(self) -> None:
        x, y, views = self.declare()

        def body(inputs, output):
            self.assertIsInstance(output, vtac.Buffer)
            call = vtac.call_extern(
                "int32",
                "add_one",
                inputs[0].access_ptr("r"),
                output.access_ptr("w", offset=vtac.const(0)),
            )
            return vtac.sequence(vtac.evaluate(call))

        intrin = vtac.intrinsic("ADD1", y, views, body)
        self.assertIsInstance(intrin, vtac.Intrin)
        self.assertIn("ADD1", repr(intrin))
        s, args = self.schedule(intrin)
        text = str(vtac.lower(s, args, accelerator=False))
        self.assertIn('@tir.call_extern("add_one"', text)
        self.assertIn("ADD1 from here", str(s))

    def test_scopes(self) -> None:
        push = vtac.call("int32", "tir.vta.uop_push", *[0] * 8)
        stmt = vtac.unit_scope(2, vtac.kernel_scope(vtac.evaluate(push)))
        self.assertIsInstance(stmt, vtac.Stmt)
        for part in ("coproc_scope", "coproc_uop_scope", "uop_push"):
            self.assertIn(part, str(stmt))
        self.assertIn("<pre", stmt._repr_html_())

    def test_refused(self) -> None:
        x, y, views = self.declare()
        nop = vtac.evaluate(0)
        with self.assertRaisesRegex(vtac.InvalidError, "no buffer"):
            vtac.intrinsic("F", y, {y: views[y]}, lambda i, o: nop)
        with self.assertRaises(vtac.InvalidError):
            vtac.intrinsic("F", y, views, lambda i, o: (nop, nop))
        with self.assertRaises(vtac.RefusedError):
            vtac.intrinsic("F", y, views, lambda i, o: (nop, nop, None))
        with self.assertRaises(vtac.InvalidError):
            views[x].access_ptr("x")
        with self.assertRaisesRegex(vtac.InvalidError, "8 arguments"):
            vtac.call("int32", "tir.vta.uop_push", 0)
        with self.assertRaises(vtac.InvalidError):
            vtac.call("int32", "tir.nothing")
        with self.assertRaises(vtac.InvalidError):
            vtac.unit_scope(4, nop)
        with self.assertRaises(vtac.InvalidError):
            vtac.call_extern("int32", "f", *[0] * 99)

    def test_gemm(self) -> None:
        op = vtac.ops.gemm(1, 64, 64, tile_batch=1, tile_in=64, tile_out=64)
        s = op.schedule_to("tiled").schedule
        gemm = next(t for t in s if t.name == "res_gem")
        gemm.tensorize(gemm.axis[2], vtac.gemm_intrinsic(mock=True))
        self.assertIn("GEMM from here", str(s))
        self.assertIn("GEMM", repr(vtac.gemm_intrinsic()))


class Operators(unittest.TestCase):
    def run_op(self, op, *inputs):
        module = op.build()
        result = numpy.zeros(op.args[-1].shape, op.args[-1].dtype)
        packed = [
            vtac.ops.pack(x, *t.shape[-2:]) for x, t in zip(inputs, op.args)
        ]
        module(*packed, result)
        return vtac.ops.unpack(result)

    def test_gemm(self) -> None:
        rng = numpy.random.default_rng(2)
        x = rng.integers(-128, 128, (4, 96)).astype("int8")
        w = rng.integers(-128, 128, (64, 96)).astype("int8")
        got = self.run_op(vtac.ops.gemm(4, 96, 64), x, w)
        sums = x.astype("int32") @ w.astype("int32").T
        numpy.testing.assert_array_equal(got, numpy.clip(sums >> 8, 0, 127))

    def test_conv2d(self) -> None:
        from tvm.topi.testing import conv2d_nchw_python

        rng = numpy.random.default_rng(3)
        x = rng.integers(-128, 128, (1, 32, 10, 9)).astype("int8")
        w = rng.integers(-128, 128, (16, 32, 3, 3)).astype("int8")
        op = vtac.ops.conv2d(1, 32, 16, (10, 9), 3, pad=1, stride=(2, 1))
        got = self.run_op(op, x, w)
        sums = conv2d_nchw_python(
            x.astype("int32"), w.astype("int32"), (2, 1), (1, 1)
        )
        numpy.testing.assert_array_equal(got, numpy.clip(sums >> 8, 0, 127))

    def test_others_lower(self) -> None:
        for op in (
            vtac.ops.dense(1, 64, 64),
            vtac.ops.group_conv2d(1, 64, 64, 8, 3, groups=2, pad=1),
            vtac.ops.depthwise_conv2d(1, 32, 8, 3, pad=1),
            vtac.ops.conv2d_transpose(1, 16, 16, 4, 4, stride=2, pad=1),
        ):
            self.assertIsInstance(op, vtac.ops.Operator)
            self.assertIn("primfn", str(op.schedule_to("vta").lower()))
            self.assertIn(op.name, repr(op))
            self.assertIn("<table>", op._repr_html_())

    def test_eltwise(self) -> None:
        rng = numpy.random.default_rng(4)
        x, y = (
            rng.integers(-128, 128, (1, 32, 5, 6)).astype("int8")
            for _ in range(2)
        )
        wide = x.astype("int32") * 9
        got = self.run_op(vtac.ops.add(1, 32, (5, 6), shift=1), x, y)
        sums = x.astype("int32") + y
        numpy.testing.assert_array_equal(got, numpy.clip(sums >> 1, -128, 127))
        got = self.run_op(vtac.ops.relu(1, 32, (5, 6)), x)
        numpy.testing.assert_array_equal(got, numpy.maximum(x, 0))
        op = vtac.ops.requantize(1, 32, (5, 6), shift=3)
        got = self.run_op(op, wide)
        numpy.testing.assert_array_equal(got, numpy.clip(wide >> 3, -128, 127))
        self.assertEqual(op.tiles, {})

    def test_pools(self) -> None:
        rng = numpy.random.default_rng(5)
        x = rng.integers(-128, 128, (1, 16, 8, 8)).astype("int8")
        windows = x.reshape(1, 16, 4, 2, 4, 2)
        got = self.run_op(vtac.ops.max_pool2d(1, 16, 8, 2), x)
        numpy.testing.assert_array_equal(got, windows.max((3, 5)))
        got = self.run_op(vtac.ops.avg_pool2d(1, 16, 8, 2), x)
        want = (windows.astype("int32").sum((3, 5)) + 2) // 4
        numpy.testing.assert_array_equal(got, want)
        got = self.run_op(vtac.ops.global_avg_pool2d(1, 16, 8), x)
        want = (x.astype("int32").sum((2, 3)) + 32) // 64
        numpy.testing.assert_array_equal(got[:, :, 0, 0], want)

    def test_tiles(self) -> None:
        tiles = vtac.ops.gemm(
            1, 256, 256, tile_batch=1, tile_in=64, tile_out=128
        ).tiles
        self.assertEqual((tiles["in"], tiles["out"]), (64, 128))
        self.assertEqual(tiles["over"], "nothing")

    def test_refused(self) -> None:
        with self.assertRaises(vtac.VtacError):
            vtac.ops.gemm(0, 64, 64)
        with self.assertRaises(TypeError):
            vtac.ops.conv2d(1, 16, 16, 8, 3, nothing=1)
        with self.assertRaises(vtac.InvalidError):
            vtac.ops.gemm(1, 64, 64).schedule_to("nowhere")

    def test_pack(self) -> None:
        x = numpy.arange(5 * 20 * 2 * 3).reshape(5, 20, 2, 3)
        packed = vtac.ops.pack(x, 2, 16)
        self.assertEqual(packed.shape, (3, 2, 2, 3, 2, 16))
        numpy.testing.assert_array_equal(vtac.ops.unpack(packed, 5, 20), x)


if __name__ == "__main__":
    assert support.ROOT
    unittest.main()
