# SPDX-License-Identifier: Apache-2.0
"""Passes written in Python: with vtac, and as programs for tvm write them."""
from __future__ import annotations

import threading
import unittest

import numpy
import support  # noqa: F401  (finds the packages)
import tvm
import vta
import vtac
from tvm import te, tir
from vtac import node


def increment(n: int = 16):
    """b[i] = a[i] + 1."""
    a = vtac.placeholder((n,), "int32", name="a")
    b = vtac.compute((n,), lambda i: a[i] + 1, name="b")
    return vtac.schedule(b), [a, b]


def te_increment(n: int = 16):
    """The same with te."""
    a = te.placeholder((n,), "int32", name="a")
    b = te.compute((n,), lambda i: a[i] + 1, name="b")
    return te.create_schedule(b.op), [a, b]


def text_with(function, **options) -> str:
    s, args = increment()
    one = vtac.Pass(function, **options)
    return str(vtac.lower(s, args, accelerator=False, passes=[one]))


def doubled(body):
    """Doubles what is stored."""

    def change(part):
        if part.node_kind != "store":
            return None
        value, *indices = part.exprs
        return node.store(part.accessed, value * 2, *indices)

    return node.transform(body, change)


class Nodes(unittest.TestCase):
    def test_looking(self) -> None:
        seen = {}

        def look(body):
            for part in node.walk(body):
                seen.setdefault(part.node_kind, []).append(part.label)
            loop = body
            self.assertEqual(loop.label, "serial")
            self.assertEqual(str(loop.variable), "i")
            self.assertEqual([int(e) for e in loop.exprs], [0, 16])
            (store,) = loop.stmts
            self.assertEqual(store.dtype, "int32")
            self.assertEqual(store.accessed.name, "b")
            self.assertEqual(store.accessed.dtype, "int32")
            value = store.exprs[0]
            self.assertEqual((value.node_kind, value.lanes), ("add", 1))
            self.assertTrue(value.same(value.exprs[0] + 1))
            self.assertIsNone(value.variable)
            self.assertIsNone(value.real)
            self.assertIsNone(value.accessed)
            return body

        plain = text_with(lambda body: body)
        self.assertEqual(text_with(look), plain)
        self.assertEqual(seen["store"], ["b"])
        self.assertEqual(seen["load"], ["a"])
        self.assertEqual(vtac.const(1.5, "float32").real, 1.5)

    def test_rebuilding_changes_nothing(self) -> None:
        text = text_with(lambda body: node.transform(body, lambda part: None))
        self.assertEqual(text, text_with(lambda body: body))

    def test_building(self) -> None:
        def build(body):
            room = vtac.decl_buffer((2,), "int32", "room")
            i, x = node.var("step"), node.var("x")
            add = node.store(room, node.load(room, i) + x, i)
            part = node.branch(i < 1, add, vtac.evaluate(0))
            part = node.attr(i, "note", 7, node.let(x, i, part))
            part = node.loop(i, 0, 2, part, kind="serial")
            part = node.check(vtac.const(1) < 2, "less", part)
            return vtac.sequence(node.allocate(room, part), body)

        text = text_with(build, phase=3)
        for part in ("allocate(room", '"less"', "for (step", '"note" = 7',
                     "if (step < 1)"):
            self.assertIn(part, text)

    def test_classes(self) -> None:
        self.assertIs(vtac.Context.stmt_class, vtac.Stmt)

    def test_substitution(self) -> None:
        def shift(body):
            (store,) = body.stmts
            moved = store.substitute({body.variable: 15 - body.variable})
            return body.rebuilt(body.exprs, [moved])

        self.assertIn("let cse_var_1: int32 = (15 - i)", text_with(shift))


class Passes(unittest.TestCase):
    def test_running(self) -> None:
        s, args = increment()
        module = vtac.build(
            s, args, accelerator=False, passes=[vtac.Pass(doubled)]
        )
        result = numpy.zeros(16, "int32")
        module(numpy.arange(16, dtype="int32"), result)
        numpy.testing.assert_array_equal(result, 2 * numpy.arange(1, 17))

    def test_place(self) -> None:
        s, args = increment()
        names = []
        passes = [
            vtac.Pass(lambda body: body, 3, name="late"),
            vtac.Pass(lambda body: body, 0, name="early"),
            vtac.Pass(lambda body: body, 1, before=True, name="flat"),
        ]
        vtac.lower(
            s, args, passes=passes, on_pass=lambda run: names.append(run.name)
        )
        order = ["early", "StorageFlatten", "flat", "InjectDMAIntrin", "late"]
        self.assertEqual([n for n in names if n in order], order)
        self.assertEqual(repr(passes[0]), "Pass('late', phase=3)")

    def test_nodes_end_with_their_pass(self) -> None:
        kept = []
        text_with(lambda body: kept.extend(node.walk(body)) or body)
        loop = kept[-1]
        uses = (
            lambda: str(loop),
            lambda: loop.stmts,
            lambda: kept[0] + 1,
            lambda: vtac.sequence(loop),
            lambda: loop.substitute({}),
        )
        for use in uses:
            with self.assertRaisesRegex(vtac.InvalidError, "has ended"):
                use()
        self.assertEqual((loop.label, loop.node_kind), ("", ""))
        self.assertEqual((kept[0].dtype, kept[0].lanes), ("", 0))

    def test_mistakes(self) -> None:
        def ghost(body):
            return vtac.sequence(body, vtac.evaluate(node.var("ghost")))

        def again(body):
            s, args = increment()
            vtac.lower(s, args)
            return body

        def raising(body):
            raise KeyError("mine")

        with self.assertRaisesRegex(vtac.RefusedError, "ghost: used but not"):
            text_with(ghost)
        with self.assertRaisesRegex(vtac.InvalidError, "no\\s+statement"):
            text_with(lambda body: None)
        with self.assertRaisesRegex(vtac.InvalidError, "cannot lower"):
            text_with(again)
        with self.assertRaises(KeyError):
            text_with(raising)
        with self.assertRaisesRegex(vtac.InvalidError, "phase of 0 to 3"):
            text_with(doubled, phase=7)
        with self.assertRaisesRegex(vtac.InvalidError, "must stay int32"):
            text_with(lambda body: body.rebuilt([0.5, 1], body.stmts))
        s, args = increment()
        with self.assertRaisesRegex(vtac.InvalidError, "no pass"):
            vtac.lower(s, args, passes=[doubled])
        self.assertIn("+ 1)", str(vtac.lower(s, args, accelerator=False)))

    def test_threads(self) -> None:
        texts, expected = [], text_with(doubled)
        threads = [
            threading.Thread(target=lambda: texts.append(text_with(doubled)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(texts, [expected] * 4)


@tir.transform.prim_func_pass(opt_level=0)
def in_eights(f, module, context):
    """Splits every loop of 16 and makes vectors of the inner part."""

    def split(op):
        if op.extent.value != 16:
            return None
        outer = tir.Var(op.loop_var.name + ".outer", "int32")
        inner = tir.Var(op.loop_var.name + ".inner", "int32")
        body = tir.stmt_functor.substitute(
            op.body, {op.loop_var: outer * 8 + inner}
        )
        body = tir.For(inner, 0, 8, tir.ForKind.VECTORIZED, body)
        return tir.For(
            outer, op.min, op.extent.value // 8, tir.ForKind.SERIAL, body
        )

    return f.with_body(
        tir.stmt_functor.ir_transform(f.body, None, split, ["tir.For"])
    )


class Compat(unittest.TestCase):
    def lower(self, passes) -> str:
        s, args = te_increment()
        with tvm.transform.PassContext(
            config={"tir.add_lower_pass": passes}
        ):
            return str(tvm.lower(s, args))

    def test_vectors(self) -> None:
        text = self.lower([(1, in_eights)])
        self.assertIn("for (i.outer: int32, 0, 2)", text)
        self.assertIn("broadcast(1, 8)", text)
        self.assertEqual(repr(in_eights), "<pass in_eights>")

    def test_debug_call(self) -> None:
        """As the reference's build_config adds it."""
        env = vta.get_env()

        @tir.transform.prim_func_pass(opt_level=0)
        def add_debug(f, *_):
            debug = tir.call_extern(
                "int32", "VTASetDebugMode", env.dev.command_handle, 3
            )
            return f.with_body(tir.stmt_seq(debug, f.body))

        s, args = te_increment()
        with vta.build_config() as context:
            context.config["tir.add_lower_pass"].append((1, add_debug))
            text = str(tvm.lower(s, args))
        self.assertIn('@tir.call_extern("VTASetDebugMode"', text)

    def test_order_of_passes(self) -> None:
        """Before the accelerator's own where the list says so."""
        seen = {}

        def noting(name):
            def note(f, *_):
                calls = seen.setdefault(name, [])
                tir.stmt_functor.post_order_visit(
                    f.body,
                    lambda n: calls.append(n.attr_key)
                    if isinstance(n, tir.AttrStmt)
                    else None,
                )
                return f

            return tir.transform.prim_func_pass(note, 0, name)

        env = vta.get_env()
        shape = (1, 1, env.BATCH, env.BLOCK_OUT)
        a = te.placeholder(shape, env.acc_dtype, name="a")
        buf = te.compute(shape, lambda *i: a(*i), "buf")
        out = te.compute(shape, lambda *i: buf(*i).astype(env.inp_dtype), "o")
        s = te.create_schedule(out.op)
        s[buf].set_scope(env.acc_scope)
        for one in (buf, out):
            s[one].pragma(s[one].op.axis[0], env.dma_copy)
        with vta.build_config() as context:
            passes = context.config["tir.add_lower_pass"]
            passes.insert(1, (1, noting("before")))
            passes.append((1, noting("after")))
            tvm.lower(s, [a, out])
        self.assertIn("pragma_dma_copy", seen["before"])
        self.assertNotIn("pragma_dma_copy", seen["after"])
        self.assertIn("coproc_scope", seen["after"])

    def test_members(self) -> None:
        def look(f, module, context):
            self.assertIsNone(module)
            loop = f.body
            self.assertIsInstance(loop, tir.For)
            self.assertNotIsInstance(loop, tir.AttrStmt)
            self.assertIs(loop.kind, tir.ForKind.SERIAL)
            self.assertIsInstance(loop.loop_var, tir.Var)
            store = loop.body
            self.assertIsInstance(store, tir.BufferStore)
            self.assertEqual(store.buffer.name, "b")
            self.assertIsInstance(store.value, tir.Add)
            self.assertIsInstance(store.value.a, tir.BufferLoad)
            self.assertEqual(store.value.b.value, 1)
            self.assertTrue(store.indices[0].same_as(loop.loop_var))
            self.assertTrue(loop.same_as(loop))
            with self.assertRaisesRegex(AttributeError, "it has loop_var"):
                loop.then_case
            with self.assertRaisesRegex(NotImplementedError, "isinstance"):
                tir.Store(store.buffer_var, 0, 0)
            order = []
            tir.stmt_functor.pre_order_visit(
                loop,
                lambda n: order.append(n.node_kind) or n.node_kind != "store",
            )
            self.assertEqual(order, ["for", "int", "int", "store"])
            made = f.with_attr("mine", 1)
            self.assertEqual(made.attrs["mine"], 1)
            self.assertIn("for (i", repr(made))
            return made.with_body(every_kind(loop))

        text = self.lower([(1, tir.transform.prim_func_pass(look))])
        self.assertIn('assert(True, "small")', text)

    def test_kinds_of_each_phase(self) -> None:
        """Kinds that only passes of the library make."""
        kinds = (
            tir.Allocate,
            tir.Broadcast,
            tir.BufferRealize,
            tir.Let,
            tir.Load,
            tir.Ramp,
        )
        seen = {0: set(), 3: set()}

        def noting(phase):
            def note(f, *_):
                self.assertIsInstance(f, tir.PrimFunc)
                self.assertEqual(f.attrs["global_symbol"], "main")

                def visit(part):
                    self.assertIsInstance(part, vtac.node.Node)
                    for kind in kinds:
                        if isinstance(part, kind):
                            seen[phase].add(kind)
                    if isinstance(part, tir.Ramp):
                        self.assertEqual(part.lanes, 8)
                        self.assertIn(part.stride.value, (1, -1))
                    if isinstance(part, tir.Broadcast):
                        self.assertEqual(part.lanes, 8)
                        self.assertIn(part.value.value, (1, 3))
                    if isinstance(part, tir.Allocate):
                        self.assertEqual(part.dtype, "int32")
                        self.assertEqual(part.extents[0].value, 64)
                        self.assertTrue(part.condition.value)

                tir.stmt_functor.post_order_visit(f.body, visit)
                return f

            return phase, tir.transform.prim_func_pass(note)

        a = te.placeholder((64,), "int32", name="a")
        b = te.compute((64,), lambda i: a[i] * 3, "b")
        c = te.compute((64,), lambda i: b[63 - i] + 1, "c")
        s = te.create_schedule(c.op)
        for one in (b, c):
            _, inner = s[one].split(s[one].op.axis[0], factor=8)
            s[one].vectorize(inner)
        config = {"tir.add_lower_pass": [noting(0), noting(3)]}
        with tvm.transform.PassContext(config=config) as context:
            tvm.lower(s, [a, c])
            self.assertIsInstance(
                context.config["tir.add_lower_pass"][0][1],
                tvm.transform.PythonPass,
            )
        self.assertIn(tir.BufferRealize, seen[0])
        self.assertLessEqual(
            {tir.Allocate, tir.Ramp, tir.Broadcast, tir.Load}, seen[3]
        )

    def test_preorder(self) -> None:
        def skip(f, *_):
            return f.with_body(
                tir.stmt_functor.ir_transform(
                    f.body,
                    lambda op: tir.Evaluate(0)
                    if isinstance(op, tir.For)
                    else None,
                    None,
                )
            )

        apply = tir.transform.Apply(lambda f: skip(f))
        self.assertNotIn("for (", self.lower([(1, apply)]))

    def test_wrong_results(self) -> None:
        wrong = tir.transform.prim_func_pass(lambda f, *_: f.body, name="w")
        with self.assertRaisesRegex(TypeError, "with_body"):
            self.lower([(1, wrong)])
        with self.assertRaisesRegex(TypeError, "prim_func_pass"):
            self.lower([(1, lambda f: f)])


def every_kind(body):
    """The body among statements of every kind that can be made."""
    x, y = tir.Var("x", "int32"), tir.Var("y", "int32")
    one = tir.Cast("int32", tir.FloatImm("float32", 1.0))
    value = tir.Select(tir.Not(tir.LT(x, one)), tir.Max(x, 2), tir.Min(x, 3))
    for kind in (tir.Add, tir.Sub, tir.Mul):
        value = kind(value, x)
    for kind in (tir.Div, tir.Mod, tir.FloorDiv, tir.FloorMod):
        value = kind(value, 7)
    test = tir.And(tir.EQ(x, 1), tir.Or(tir.NE(x, 2), tir.GT(x, 3)))
    test = tir.Or(test, tir.And(tir.GE(x, 4), tir.LE(x, 5)))
    call = tir.Call("int32", tir.Op.get("tir.shift_left"), [value, 1])
    assert isinstance(call, tir.Call) and call.op == tir.Op("tir.shift_left")
    assert isinstance(call.args[1], tir.PrimExpr)
    inner = tir.IfThenElse(test, tir.Evaluate(call), tir.Evaluate(0))
    assert inner.else_case is not None and inner.condition is not None
    inner = tir.AttrStmt(x, "key", 1, inner)
    inner = tir.LetStmt(y, x, inner)
    inner = tir.AssertStmt(tir.LT(x, 9), tir.StringImm("small"), inner)
    assert (inner.message, inner.body.var.name) == ("small", "y")
    return tir.SeqStmt(
        [tir.For(x, 0, 2, tir.ForKind.SERIAL, inner), body]
    )


if __name__ == "__main__":
    unittest.main()
