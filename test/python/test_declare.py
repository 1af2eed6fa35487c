# SPDX-License-Identifier: Apache-2.0
"""Expressions, tensors and configurations."""
from __future__ import annotations

import copy
import json
import operator
import pickle
import unittest

import numpy
import support
import vtac


class Expressions(unittest.TestCase):
    def setUp(self) -> None:
        self.a = vtac.placeholder((8, 4), "int32", name="a")
        self.f = vtac.placeholder((8,), "float32", name="f")

    def text(self, function) -> str:
        tensor = vtac.compute((8, 4), function, "t")
        return str(tensor.body)

    def test_operators(self) -> None:
        a = self.a
        for function, want in (
            (lambda i, j: a[i, j] + 1, "(a[i, j] + 1)"),
            (lambda i, j: 1 + a[i, j], "(1 + a[i, j])"),
            (lambda i, j: a[i, j] - j, "(a[i, j] - j)"),
            (lambda i, j: 5 - a[i, j], "(5 - a[i, j])"),
            (lambda i, j: a[i, j] * i, "(a[i, j]*i)"),
            (lambda i, j: 3 * a[i, j], "(3*a[i, j])"),
            (lambda i, j: a[i, j] // 2, "floordiv(a[i, j], 2)"),
            (lambda i, j: 9 // a[i, j], "floordiv(9, a[i, j])"),
            (lambda i, j: a[i, j] % 2, "floormod(a[i, j], 2)"),
            (lambda i, j: 9 % a[i, j], "floormod(9, a[i, j])"),
            (lambda i, j: vtac.truncdiv(a[i, j], 2), "(a[i, j]/2)"),
            (lambda i, j: vtac.truncmod(a[i, j], 2), "(a[i, j] % 2)"),
            (lambda i, j: vtac.floordiv(i, 2), "floordiv(i, 2)"),
            (lambda i, j: vtac.floormod(i, 2), "floormod(i, 2)"),
            (lambda i, j: a[i, j] >> 3, "tir.shift_right(a[i, j], 3)"),
            (lambda i, j: a[i, j] << 3, "tir.shift_left(a[i, j], 3)"),
            (lambda i, j: 64 >> a[i, j], "tir.shift_right(64, a[i, j])"),
            (lambda i, j: 1 << a[i, j], "tir.shift_left(1, a[i, j])"),
            (lambda i, j: a[i, j] & 3, "tir.bitwise_and(a[i, j], 3)"),
            (lambda i, j: 3 | a[i, j], "tir.bitwise_or(3, a[i, j])"),
            (lambda i, j: a[i, j] ^ i, "tir.bitwise_xor(a[i, j], i)"),
            (lambda i, j: 1 & a[i, j], "tir.bitwise_and(1, a[i, j])"),
            (lambda i, j: a[i, j] | 1, "tir.bitwise_or(a[i, j], 1)"),
            (lambda i, j: 1 ^ a[i, j], "tir.bitwise_xor(1, a[i, j])"),
            (lambda i, j: ~a[i, j], "tir.bitwise_not(a[i, j])"),
            (lambda i, j: +a[i, j], "a[i, j]"),
            (lambda i, j: -a[i, j], "(0 - a[i, j])"),
            (lambda i, j: vtac.max(a[i, j], 0), "max(a[i, j], 0)"),
            (lambda i, j: vtac.min(1, i, j), "min(min(1, i), j)"),
            (lambda i, j: a[i][j], "a[i, j]"),
            (lambda i, j: vtac.cast("int8", a(i, j)), None),
            (lambda i, j: a[i, j].astype("int32"), "a[i, j]"),
        ):
            with self.subTest(want):
                got = self.text(function)
                if want:
                    self.assertEqual(
                        got.replace(" ", ""), want.replace(" ", "")
                    )

    def test_conditions(self) -> None:
        a = self.a
        got = self.text(
            lambda i, j: vtac.select(
                vtac.all(i < 3, j <= 2, vtac.any(i > 1, j >= 1)), a[i, j], 0
            )
        )
        self.assertIn("select", got)
        got = self.text(
            lambda i, j: vtac.if_then_else(a[i, j] == 3, a[i, j], ~(i < j))
        )
        self.assertIn("if_then_else", got)
        got = self.text(lambda i, j: vtac.select(a[i, j] != 3, i, j))
        self.assertIn("!=", got)

    def test_types(self) -> None:
        a, f = self.a, self.f
        made = []
        vtac.compute(
            (8, 4),
            lambda i, j: made.extend([a[i, j], f[i], i, i < j]) or a[i, j],
        )
        self.assertEqual(
            [e.dtype for e in made], ["int32", "float32", "int32", "bool"]
        )
        self.assertEqual((made[0] + made[1]).dtype, "float32")
        self.assertEqual((made[1] / 2).dtype, "float32")
        self.assertEqual((2 / made[1]).dtype, "float32")
        with self.assertRaises(vtac.InvalidError):
            made[0] / 2

    def test_constants(self) -> None:
        self.assertEqual(int(vtac.const(5)), 5)
        self.assertEqual(vtac.const(5, "int8").dtype, "int8")
        self.assertEqual(vtac.const(2**62, "int64").constant, 2**62)
        self.assertIsNone(vtac.const(2.5, "float32").constant)
        self.assertTrue(vtac.const(1) == 1)
        self.assertFalse(vtac.const(1) == 2)
        self.assertEqual((vtac.const(1) + numpy.int8(3)).constant, 4)
        self.assertEqual((vtac.const(1) + numpy.float32(1)).dtype, "float32")
        self.assertEqual(vtac.const(3).__index__(), 3)
        self.assertEqual(vtac.const(True, "bool").dtype, "bool")
        with self.assertRaises(vtac.InvalidError):
            vtac.const(300, "int8")
        with self.assertRaises(vtac.InvalidError):
            vtac.const(1) + 2**70

    def test_truth_is_not_known(self) -> None:
        with self.assertRaisesRegex(TypeError, "vtac.select"):
            vtac.compute((8,), lambda i: 1 if i < 3 else 2)
        with self.assertRaises(TypeError):
            vtac.compute((8,), lambda i: int(i + 1))
        with self.assertRaises(TypeError):
            vtac.compute((8,), lambda i: [*(i + 1)])

    def test_foreign_operands(self) -> None:
        for other in ("text", None, object(), self.a, self.a[0]):
            with self.subTest(other), self.assertRaises(TypeError):
                vtac.const(1) + other

    def test_looks(self) -> None:
        expr = vtac.const(1) + 2
        self.assertEqual((str(expr), repr(expr)), ("3", "<int32 3>"))
        self.assertIn("3", expr._repr_html_())
        self.assertEqual(hash(expr), hash(expr))


class Tensors(unittest.TestCase):
    def test_placeholder(self) -> None:
        t = vtac.placeholder((2, 3), "int8", name="t")
        self.assertEqual(t.shape, (2, 3))
        self.assertEqual(
            (t.ndim, t.dtype, t.name, t.tag), (2, "int8", "t", "")
        )
        self.assertTrue(t.is_placeholder)
        self.assertIsNone(t.body)
        self.assertEqual((t.axis, t.reduce_axis, t.inputs), ((), (), ()))
        self.assertEqual(len(t), 2)
        self.assertEqual(repr(t), "<placeholder t: int8[2, 3]>")
        self.assertEqual(str(t), "t: int8[2, 3]")

    def test_names_of_axes(self) -> None:
        def names(shape, function) -> list[str]:
            return [a.name for a in vtac.compute(shape, function).axis]

        class Callable:
            def __call__(self, x, y):
                return x + y

            def method(self, p, q):
                return p + q

        self.assertEqual(names((2, 3), lambda *i: i[0]), ["i0", "i1"])
        self.assertEqual(names((2, 3), lambda y, x: y), ["y", "x"])
        self.assertEqual(names((2, 3, 4), lambda y, *k: y), ["y", "k0", "k1"])
        self.assertEqual(names((2, 3), Callable().method), ["p", "q"])
        self.assertEqual(len(names((2, 3), operator.add)), 2)
        self.assertEqual(names((), lambda: 1), [])

    def test_reductions(self) -> None:
        t = vtac.placeholder((4, 5), "int32", name="t")
        for reduce in (vtac.sum, vtac.max, vtac.min):
            k = vtac.reduce_axis((0, 5), name="k")
            r = vtac.compute((4,), lambda i: reduce(t[i, k], axis=k), "r")
            self.assertEqual(r.reduce_axis, (k,))
            self.assertEqual(r.inputs, (t,))
        k = vtac.reduce_axis(5, name="k")
        r = vtac.compute((4,), lambda i: vtac.max(t[i, k], [k]), "r")
        self.assertEqual(r.reduce_axis[0].range, range(5))

    def test_axes(self) -> None:
        k = vtac.reduce_axis((2, 5), name="k")
        self.assertEqual((k.name, k.kind, k.tag), ("k", "CommReduce", ""))
        self.assertEqual((k.range, k.extent), (range(2, 5), 3))
        self.assertEqual(repr(k), "Axis('k', 3, CommReduce)")
        t = vtac.thread_axis("cthread", "tx")
        self.assertEqual(
            (t.name, t.tag, t.kind), ("tx", "cthread", "ThreadIndex")
        )
        self.assertIsNone(t.range)
        self.assertEqual(t.dtype, "int32")
        self.assertTrue(t)
        self.assertNotEqual(t, k)
        self.assertEqual({k: 1}[k], 1)

    def test_pad_and_copy(self) -> None:
        t = vtac.placeholder((4, 5), "int32", name="t")
        p = vtac.pad(t, [1, 0], [0, 2], name="p")
        self.assertEqual(p.shape, (5, 7))
        self.assertEqual(p.tag, "injective,pad")
        self.assertEqual(vtac.pad(t, [1, 1]).shape, (6, 7))
        self.assertEqual(vtac.copy(t, "c").shape, t.shape)

    def test_tag(self) -> None:
        t = vtac.compute((2,), lambda i: i, "t", tag="elemwise")
        self.assertEqual(t.tag, "elemwise")

    def test_slices(self) -> None:
        t = vtac.placeholder((2, 3, 4), "int32", name="t")
        self.assertIsInstance(t[0], vtac.Slice)
        self.assertEqual(str(t[0][1][2]), str(t[0, 1, 2]))
        self.assertIn("2 indices", repr(t[0][1]))
        self.assertEqual(t[0].dtype, "int32")

    def test_scalar_tensors(self) -> None:
        t = vtac.placeholder((), "int32", name="t")
        u = vtac.compute((3,), lambda i: t() + i, "u")
        self.assertEqual(u.inputs, (t,))
        with self.assertRaises(TypeError):
            len(t)


class Configs(unittest.TestCase):
    def test_values(self) -> None:
        c = vtac.Config()
        self.assertEqual((c.BATCH, c["BLOCK_IN"], c.TARGET), (1, 16, "sim"))
        self.assertEqual(
            (c.inp_dtype, c.wgt_dtype, c.acc_dtype, c.out_dtype),
            ("int8", "int8", "int32", "int8"),
        )
        self.assertIn("LOG_BLOCK", list(c.keys()))
        self.assertEqual(len(list(c)), len(c))
        self.assertIn("BLOCK_OUT", dir(c))
        self.assertIn("LOG_BLOCK", repr(c))
        self.assertIn("<table>", c._repr_html_())

    def test_parse_and_load(self) -> None:
        path = f"{support.GOLDEN}/configs/b2/vta_config.json"
        loaded = vtac.Config.load(path)
        self.assertEqual(loaded.BATCH, 2)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(vtac.Config.parse(text), loaded)
        self.assertEqual(vtac.Config.parse(json.loads(text)), loaded)
        self.assertNotEqual(loaded, vtac.Config())
        self.assertEqual(hash(vtac.Config()), hash(vtac.Config()))

    def test_copies(self) -> None:
        c = vtac.Config()
        self.assertEqual(pickle.loads(pickle.dumps(c)), c)
        self.assertIs(copy.copy(c), c)
        self.assertIs(copy.deepcopy(c), c)

    def test_errors(self) -> None:
        with self.assertRaises(vtac.FileError):
            vtac.Config.load("/does/not/exist.json")
        with self.assertRaises(vtac.RefusedError) as caught:
            vtac.Config.parse({"TARGET": "sim"})
        self.assertEqual(caught.exception.id, "config-key")
        self.assertIn("help:", str(caught.exception))
        with self.assertRaises(vtac.RefusedError):
            vtac.Config.parse("{", name="broken")
        with self.assertRaises(KeyError):
            vtac.Config()["NOTHING"]
        with self.assertRaises(AttributeError):
            vtac.Config().NOTHING
        with self.assertRaises(vtac.InvalidError):
            vtac.Context({"BATCH": 1})


class Contexts(unittest.TestCase):
    def test_current(self) -> None:
        with vtac.Context() as context:
            self.assertIs(vtac.current(), context)
            t = vtac.placeholder((2,), "int8")
        self.assertIsNot(vtac.current(), context)
        self.assertIn("tiles", repr(context))
        with self.assertRaisesRegex(vtac.InvalidError, "another context"):
            vtac.compute((2,), lambda i: t[i])

    def test_default_lives_with_its_objects(self) -> None:
        t = vtac.placeholder((2,), "int8")
        self.assertIs(vtac.current(), t._context)
        u = vtac.compute((2,), lambda i: t[i])
        self.assertIs(u._context, t._context)

    def test_classes_can_be_ones_own(self) -> None:
        class MyTensor(vtac.Tensor):
            pass

        class Mine(vtac.Context):
            tensor_class = MyTensor
            expr_class = type("MyExpr", (vtac.Expr,), {})
            axis_class = type("MyAxis", (vtac.Axis,), {})
            schedule_class = type("MySchedule", (vtac.Schedule,), {})
            stage_class = type("MyStage", (vtac.Stage,), {})

        t = Mine().placeholder((2,), "int32", "t")
        u = t._context.compute((2,), lambda i: t[i] + i, "u")
        s = vtac.schedule(u)
        for thing in (u, u.body, u.axis[0], s, s[u]):
            self.assertTrue(type(thing).__name__.startswith("My"), thing)

    def test_errors_do_not_stick(self) -> None:
        with self.assertRaises(vtac.VtacError):
            vtac.placeholder((0,), "int8")
        self.assertEqual(vtac.placeholder((1,), "int8").shape, (1,))


if __name__ == "__main__":
    unittest.main()
