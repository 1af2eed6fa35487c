# SPDX-License-Identifier: Apache-2.0
"""The packages tvm and vta: what programs written for them rely on."""
from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import unittest
import warnings

import numpy
import support
import tvm
import tvm.contrib.pickle_memoize
import tvm.testing
import tvm.topi.testing
import vta
import vta.testing
from tvm import autotvm, rpc, te, tir, topi
from tvm.contrib import utils
from vta.testing import simulator


def program(env, m: int = 4):
    """A vector addition; its schedule and arguments."""
    shape = (1, m, env.BATCH, env.BLOCK_OUT)
    a = te.placeholder(shape, name="A", dtype=env.acc_dtype)
    b = te.placeholder(shape, name="B", dtype=env.acc_dtype)
    a_buf = te.compute(shape, lambda *i: a(*i), "A_buf")
    b_buf = te.compute(shape, lambda *i: b(*i), "B_buf")
    c_buf = te.compute(shape, lambda *i: a_buf(*i) + b_buf(*i), "C_buf")
    c = te.compute(shape, lambda *i: c_buf(*i).astype(env.inp_dtype), "C")
    s = te.create_schedule(c.op)
    for tensor in (a_buf, b_buf, c_buf):
        s[tensor].set_scope(env.acc_scope)
    for tensor in (a_buf, b_buf, c):
        s[tensor].pragma(s[tensor].op.axis[0], env.dma_copy)
    s[c_buf].pragma(c_buf.op.axis[0], env.alu)
    return s, [a, b, c]


class Expressions(unittest.TestCase):
    def test_tensors_and_operations(self) -> None:
        a = te.placeholder((2, 3), name="a")
        self.assertEqual(a.dtype, "float32")
        self.assertIsInstance(a.op, te.PlaceholderOp)
        self.assertNotIsInstance(a.op, te.ComputeOp)
        self.assertEqual((a.op.shape, a.op.dtype), ((2, 3), "float32"))
        self.assertIsInstance(a.shape[0], tir.IntImm)
        self.assertEqual(a.shape[0].value, 2)
        self.assertEqual(a.shape[1].astype("int64").dtype, "int64")
        k = te.reduce_axis((0, 3), name="k")
        b = te.compute(
            (2,), lambda i: te.sum(a[i, k], axis=k), "b", tag="mine"
        )
        self.assertIsInstance(b, te.Tensor)
        self.assertIsInstance(b.op, te.ComputeOp)
        self.assertIsInstance(b.op, te.BaseComputeOp)
        self.assertIsInstance(b.op, te.Operation)
        self.assertEqual(
            (b.op.name, b.op.tag, b.op.num_outputs), ("b", "mine", 1)
        )
        self.assertEqual(b.op.input_tensors, [a])
        self.assertEqual(b.op.reduce_axis, [k])
        self.assertEqual(b.op.output(0), b)
        self.assertTrue(b.op.same_as(b.op) and b.same_as(b))
        self.assertEqual((b.op.attrs, b.value_index), ({}, 0))
        self.assertEqual(len(b.op.body), 1)
        self.assertIsInstance(a[0], te.TensorSlice)
        self.assertEqual(len({b.op, b.op}), 1)
        self.assertIn("ComputeOp", repr(b.op))
        with self.assertRaises(ValueError):
            b.op.output(1)
        self.assertIs(te.tensor.Tensor, te.Tensor)

    def test_axes(self) -> None:
        k = te.reduce_axis((1, 5), name="k")
        self.assertIsInstance(k, te.IterVar)
        self.assertTrue(k.var.same_as(k.var))
        # te.max reduces over an axis, but compares with its variable.
        larger = te.compute(
            (4,), lambda i: te.sum(te.max(i, k.var), axis=k), "larger"
        )
        self.assertEqual(list(larger.op.reduce_axis), [k])
        self.assertEqual((k.dom.min, k.dom.extent), (1, 4))
        self.assertIn("ext=4", repr(k.dom))
        self.assertEqual(te.reduce_axis(k.dom).range, range(1, 5))
        self.assertIsInstance(k.dom, tir.Range)
        t = te.thread_axis("cthread")
        self.assertEqual((t.thread_tag, t.dom), ("cthread", None))
        self.assertEqual(te.thread_axis(tag="vta", name="x").name, "x")
        with self.assertRaises(ValueError):
            te.thread_axis()

    def test_functions(self) -> None:
        one = te.const(1)
        self.assertIsInstance(one, te.PrimExpr)
        self.assertIs(te.PrimExpr, tir.PrimExpr)
        self.assertEqual(one.value, 1)
        for got, want in (
            (te.max(one, 3), 3),
            (te.min(one, 3), 1),
            (te.floordiv(te.const(-7), 2), -4),
            (te.floormod(te.const(-7), 2), 1),
            (te.indexdiv(te.const(7), 2), 3),
            (te.indexmod(te.const(7), 2), 1),
            (te.truncdiv(te.const(-7), 2), -3),
            (te.truncmod(te.const(-7), 2), -1),
            (te.if_then_else(one > 0, 5, 6), 5),
            (te.all(one > 0, one < 2), 1),
            (te.any(one > 3, one < 2), 1),
            (-te.const(4), -4),
            (tir.const(3, "int8") + 1, 4),
            (tir.max(one, 3), 3),
            (tir.min(one, 3), 1),
            (tir.floordiv(te.const(9), 2), 4),
            (tir.floormod(te.const(9), 2), 1),
            (tir.indexdiv(te.const(9), 2), 4),
            (tir.indexmod(te.const(9), 2), 1),
            (tir.truncdiv(te.const(9), 2), 4),
            (tir.truncmod(te.const(9), 2), 1),
            (tir.all(one > 0), 1),
            (tir.any(one > 1), 0),
            (tir.if_then_else(one > 1, 1, 2), 2),
            (tir.Cast("int8", one), 1),
        ):
            self.assertEqual(int(got), want)
        self.assertIsInstance(one, tir.Expr)
        self.assertEqual(int(one.equal(1)), 1)
        self.assertIs(one.asobject(), one)
        self.assertEqual(te.const(2.5, None).dtype, "float32")
        self.assertEqual(tvm.arith.Analyzer().simplify(one + 2), 3)
        self.assertEqual(tvm.runtime.const(3).value, 3)
        x = te.placeholder((4,), "int32", name="x")
        y = te.compute((4,), lambda i: tir.Select(i < 2, x[i], -x[i]), "y")
        self.assertIn("(x[i]*-1)", str(y.op.body[0]).replace(" ", ""))

    def test_tag_scope(self) -> None:
        with te.tag_scope(tag="mine"):
            a = te.compute((2,), lambda i: i)
            with self.assertRaises(ValueError):
                te.compute((2,), lambda i: i, tag="other")
            with self.assertRaises(ValueError):
                with te.tag_scope("inner"):
                    pass
        self.assertEqual(a.op.tag, "mine")
        self.assertEqual(te.compute((2,), lambda i: i).op.tag, "")

    def test_schedules(self) -> None:
        a = te.placeholder((8, 8), "int32", name="a")
        b = te.compute((8, 8), lambda i, j: a[i, j] + 1, "b", tag="elemwise")
        c = te.compute((8, 8), lambda i, j: b[i, j] * 2, "c")
        s = te.create_schedule([c.op])
        self.assertIsInstance(s, te.Schedule)
        self.assertIs(te.schedule.Schedule, te.Schedule)
        stage = s[c.op]
        self.assertIsInstance(stage, te.Stage)
        self.assertEqual(stage.op, c.op)
        i, j = stage.op.axis
        xo, yo, xi, yi = stage.tile(i, j, x_factor=4, y_factor=2)
        stage.unroll(yi)
        self.assertEqual(stage.leaf_iter_vars, [xo, yo, xi, yi])
        stage.split(xi, factor=2)
        stage.parallel(xo)
        self.assertEqual(s.outputs, [c.op])
        copied = s.cache_read(a, "global", [b.op])
        written = s.cache_write([b], "global")
        self.assertEqual(len(written), 1)
        self.assertEqual(copied.shape, (8, 8))
        self.assertIs(s.normalize(), s)
        self.assertIn("primfn", str(tvm.lower(s, [a, c])))
        other = te.create_schedule(c.op)
        te.schedule.AutoInlineInjective(other)
        self.assertEqual(other[b].place, "inline")
        stage = other[c]
        stage.bind(
            stage.split(c.op.axis[0], nparts=2)[0], te.thread_axis("cthread")
        )
        _, inner = stage.split(c.op.axis[1], 4)
        stage.vectorize(inner)
        with self.assertRaisesRegex(AttributeError, "rfactor"):
            s.rfactor()
        with self.assertRaises(ValueError):
            te.create_schedule([])

    def test_intrinsics(self) -> None:
        env = vta.get_env()
        x = te.placeholder((4,), "int32", name="x")
        y = te.compute((4,), lambda i: x[i] + 1, name="y")
        views = {
            x: tir.decl_buffer((4,), "int32", "x", offset_factor=4),
            y: tir.decl_buffer((4,), "int32", "y", data_alignment=4,
                               offset_factor=4, scope=env.acc_scope),
        }  # fmt: skip

        def body(ins, outs):
            builder = tir.ir_builder.create()
            self.assertIsInstance(builder, tir.ir_builder.IRBuilder)
            dev = env.dev
            builder.scope_attr(dev.vta_axis, "coproc_scope", dev.QID_COMPUTE)
            builder.scope_attr(
                dev.vta_axis, "coproc_uop_scope", dev.vta_push_uop
            )
            out = outs[0].access_ptr("rw", "int32")
            builder.emit(
                tir.call_intrin(
                    "int32", "tir.vta.uop_push", 0, 1, out, *[0] * 5
                )
            )
            return (
                builder.get(),
                tir.stmt_seq(0, tir.Evaluate(0)),
                tir.Evaluate(0),
            )

        intrin = te.decl_tensor_intrin(y.op, body, name="F", binds=views)
        self.assertEqual(intrin.name, "F")
        te.decl_tensor_intrin(
            y.op, lambda i, o: tir.Evaluate(tir.call_extern("int32", "f"))
        )
        self.assertIsInstance(views[x], tir.Buffer)
        self.assertIsInstance(tir.Evaluate(0), tir.Stmt)
        self.assertIn("VTAPush", repr(env.dev.vta_push_uop))
        self.assertIsInstance(env.dev.vta_push_uop, tir.StringImm)
        with self.assertRaises(NotImplementedError):
            tir.ir_builder.create().scope_attr(None, "nothing", 1)
        with self.assertRaises(NotImplementedError):
            tir.decl_buffer((1,), data=1)
        self.assertIn("command_handle", str(env.dev.command_handle))
        self.assertEqual(env.dev.get_task_qid(2), 2)


class Topi(unittest.TestCase):
    def setUp(self) -> None:
        self.x = te.placeholder((2, 3), "int32", name="x")

    def test_operators(self) -> None:
        x = self.x
        row = te.placeholder((3,), "int32", name="row")
        for operation, name in (
            (topi.add, "T_add"),
            (topi.subtract, "T_subtract"),
            (topi.multiply, "T_multiply"),
            (topi.maximum, "T_maximum"),
            (topi.minimum, "T_minimum"),
            (topi.right_shift, "T_right_shift"),
            (topi.left_shift, "T_left_shift"),
        ):
            with self.subTest(name):
                made = operation(x, 2)
                self.assertEqual(
                    (made.op.name, made.op.tag), (name, "elemwise")
                )
                self.assertEqual(made.op.axis[0].name, "ax0")
                self.assertEqual(operation(x, x).op.tag, "broadcast")
                self.assertEqual(operation(row, x).shape, (2, 3))
                self.assertEqual(operation(2, x).shape, (2, 3))
                self.assertTrue(operation(te.const(8), 1).dtype)
        with self.assertRaises(topi.InvalidShapeError):
            topi.add(x, te.placeholder((2,), "int32"))
        scalar = te.placeholder((), "int32", name="n")
        self.assertEqual(topi.add(x, scalar).shape, (2, 3))

    def test_unary(self) -> None:
        self.assertEqual(topi.cast(self.x, "int8").dtype, "int8")
        self.assertEqual(topi.cast(self.x, "int8").op.name, "compute")
        self.assertEqual(topi.cast(te.const(3), "int8").dtype, "int8")
        for made in (
            topi.identity(self.x),
            topi.negative(self.x),
            topi.clip(self.x, 0, 7),
            topi.nn.relu(self.x),
        ):
            self.assertEqual(made.op.tag, "elemwise")

    def test_pad_and_dilate(self) -> None:
        x = self.x
        self.assertEqual(topi.nn.pad(x, [1, 0], [2, 0]).shape, (5, 3))
        self.assertEqual(topi.nn.pad(x, [1, 0], pad_value=3).shape, (4, 3))
        self.assertEqual(topi.nn.dilate(x, (2, 1)).shape, (3, 3))
        self.assertEqual(topi.nn.dilate(x, (1, 1)).op.tag, "injective,dilate")
        for made in (topi.nn.dilate(x, (2, 1)), topi.nn.pad(x, [1, 0])):
            self.assertEqual([a.name for a in made.op.axis], ["i0", "i1"])
        for bad in ([1], [1, 1, 1]):
            with self.assertRaises(ValueError):
                topi.nn.pad(x, bad)
            with self.assertRaises(ValueError):
                topi.nn.dilate(x, bad)

    def test_tags_and_constants(self) -> None:
        self.assertTrue(topi.tag.is_broadcast(topi.tag.ELEMWISE))
        self.assertTrue(topi.tag.is_broadcast(topi.tag.BROADCAST))
        self.assertTrue(topi.tag.is_injective(topi.tag.INJECTIVE + ",pad"))
        self.assertFalse(topi.tag.is_injective(topi.tag.COMM_REDUCE))
        self.assertFalse(topi.tag.is_broadcast(topi.tag.COMM_REDUCE_IDX))
        self.assertEqual(topi.utils.get_const_tuple(self.x.shape), (2, 3))
        self.assertEqual(topi.utils.get_const_int(te.const(3)), 3)
        self.assertTrue(topi.utils.equal_const_int(te.const(3), 3))
        self.assertFalse(topi.utils.equal_const_int(te.reduce_axis((0, 2)), 3))

    def test_testing(self) -> None:
        rng = numpy.random.default_rng(1)
        x = rng.integers(-9, 9, (2, 4, 5, 6)).astype("int32")
        w = rng.integers(-9, 9, (6, 2, 3, 2)).astype("int32")
        for padding in (0, 1, (1, 2), (0, 1, 1, 0), "VALID", "SAME"):
            got = topi.testing.conv2d_nchw_python(
                x, w, (2, 1), padding, groups=2
            )
            top, left, bottom, right = {
                0: (0,) * 4, 1: (1,) * 4, (1, 2): (1, 2, 1, 2),
                (0, 1, 1, 0): (0, 1, 1, 0), "VALID": (0,) * 4,
                "SAME": (1, 0, 1, 1),
            }[padding]  # fmt: skip
            p = numpy.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
            want = numpy.zeros_like(got)
            for n, o, i, j in numpy.ndindex(*got.shape):
                c = 2 * (o // 3)
                window = p[n, c : c + 2, 2 * i : 2 * i + 3, j : j + 2]
                want[n, o, i, j] = (window * w[o]).sum()
            numpy.testing.assert_array_equal(got, want)

    def test_testing_large_values(self) -> None:
        """Sums stay exact where narrow floats would round."""
        for largest in (100, 2**12, 2**26):
            x = numpy.full((1, 64, 3, 3), largest, "int64")
            w = numpy.full((1, 64, 3, 3), largest - 1, "int64")
            got = topi.testing.conv2d_nchw_python(x, w, 1, 0)
            self.assertEqual(
                int(got[0, 0, 0, 0]), 576 * largest * (largest - 1)
            )
        x = numpy.ones((1, 2, 3, 3), "float32")
        got = topi.testing.conv2d_nchw_python(x, x, 1, 0)
        self.assertEqual((got.dtype, float(got)), (numpy.float32, 18.0))

    def test_transposed(self) -> None:
        x = numpy.ones((1, 1, 2, 2), "int32")
        w = numpy.arange(9, dtype="int32").reshape(1, 1, 3, 3)
        got = topi.testing.conv2d_transpose_nchw_python(x, w, 2, 0)
        self.assertEqual(got.shape, (1, 1, 5, 5))
        self.assertEqual(int(got.sum()), 4 * 36)
        got = topi.testing.conv2d_transpose_nchw_python(x, w, 2, 1, (1, 1))
        self.assertEqual(got.shape, (1, 1, 4, 4))

    def test_dense(self) -> None:
        x = numpy.array([[1, -2]], "int8")
        got = topi.testing.dense(x, x, 1, True, True, "int32")
        self.assertEqual(got.tolist(), [[6]])


class Building(unittest.TestCase):
    def test_lower(self) -> None:
        s, args = program(vta.get_env())
        plain = tvm.lower(s, args, simple_mode=True)
        self.assertIsInstance(plain, tvm.IRModule)
        self.assertIsInstance(plain, tvm.ir.IRModule)
        self.assertTrue(str(plain).endswith("}\n\n"))
        self.assertNotIn("VTALoadBuffer2D", str(plain))
        low = vta.lower(s, args, simple_mode=True)
        self.assertIn("VTALoadBuffer2D", str(low))
        self.assertEqual(low, vta.lower(s, args))
        self.assertEqual(hash(low), hash(vta.lower(s, args)))
        self.assertEqual(repr(low), str(low))
        self.assertIn("<pre", low._repr_html_())
        self.assertIn("#[version", low.astext())
        with self.assertRaises(NotImplementedError):
            low.script()
        with vta.build_config():
            self.assertEqual(tvm.lower(s, args), low)
        with self.assertRaises(ValueError):
            tvm.lower(args[0], args)
        with self.assertRaises(ValueError):
            tvm.lower(s)
        with self.assertRaises(NotImplementedError):
            tvm.lower(s, args, binds={args[0]: None})

    def test_pass_context(self) -> None:
        context = tvm.transform.PassContext(
            opt_level=3, disabled_pass={"tir.CommonSubexprElimTIR", "Other"}
        )
        self.assertEqual(context.disabled(), ["CommonSubexprElim"])
        with context:
            self.assertIs(tvm.transform.PassContext.current(), context)
        self.assertEqual(tvm.transform.PassContext.current().opt_level, 2)
        self.assertIn("opt_level=3", repr(context))
        mine = tvm.transform.PassContext(
            config={"tir.add_lower_pass": [(1, lambda f: f)]}
        )
        s, args = program(vta.get_env())
        with mine, self.assertRaisesRegex(TypeError, "prim_func_pass"):
            tvm.lower(s, args)
        with vta.build_config(debug_flag=vta.Environment.DEBUG_DUMP_INSN):
            with self.assertRaisesRegex(NotImplementedError, "on_listing"):
                vta.build(s, args, "ext_dev")
        one = tir.transform.Simplify()
        self.assertIsInstance(one, tvm.transform.BuiltinPass)
        self.assertIn("Simplify", repr(one))
        self.assertTrue(
            tir.transform.LiftAttrScope("coproc_scope").accelerator
        )
        self.assertTrue(
            tir.transform.LowerDeviceStorageAccessInfo().accelerator
        )
        self.assertIn("InjectDMA", repr(vta.transform.InjectDMAIntrin()))
        self.assertTrue(vta.build_module.EarlyRewrite().accelerator)
        self.assertIs(vta.transform.BuiltinPass, tvm.transform.BuiltinPass)

    def test_build_and_run(self) -> None:
        env = vta.get_env()
        s, args = program(env)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            module = vta.build(s, args, "ext_dev", env.target_host, name="f")
        self.assertIn("target_host parameter", str(caught[0].message))
        self.assertIsInstance(module, tvm.runtime.Module)
        self.assertEqual(
            (module.entry_name, module.format), ("__tvm_main__", "o")
        )
        self.assertEqual(
            (module.type_key, module.imported_modules), ("vtac", [])
        )
        with self.assertRaises(AttributeError):
            module["g"]
        remote = rpc.LocalSession()
        device = remote.ext_dev(0)
        values = numpy.ones(args[0].shape, "int32")
        a = tvm.nd.array(values, device)
        c = tvm.nd.empty(args[2].shape, "int8", device)
        for run in (module, module["f"], module.get_function("__tvm_main__")):
            run(a, a, c)
            self.assertEqual(set(c.numpy().ravel()), {2})
        simulator.clear_stats()
        timed = module.time_evaluator("f", device, number=3, repeat=2)(a, a, c)
        self.assertIsInstance(timed, tvm.runtime.module.BenchmarkResult)
        self.assertEqual(len(timed.results), 2)
        self.assertEqual(simulator.stats()["alu_counter"], 7 * 4)
        self.assertIn("mean", str(timed))
        self.assertLessEqual(timed.min, timed.median)
        self.assertLessEqual(timed.mean, timed.max)
        self.assertGreaterEqual(timed.std, 0)
        again = module.time_evaluator("f", device, number=1, min_repeat_ms=1)
        self.assertGreater(again(a, a, c).mean, 0)
        self.assertIn("f", module.get_source())
        self.assertIn("Module", repr(module))

    def test_saved_modules(self) -> None:
        s, args = program(vta.get_env())
        module = vta.build(s, args, tvm.target.Target("ext_dev", host="llvm"))
        temp = utils.tempdir()
        remote = rpc.LocalSession()
        for name in ("m.o", "m.so"):
            path = temp.relpath(name)
            try:
                (module.save if name == "m.o" else module.export_library)(path)
            except tvm.TVMError:
                self.assertEqual(name, "m.so")  # needs a code generator
                continue
            remote.upload(path)
            loaded = remote.load_module(name)
            arrays = [numpy.ones(t.shape, t.dtype) for t in args]
            loaded(*(arrays))
            self.assertEqual(set(arrays[-1].ravel()), {2})
        self.assertIsInstance(
            tvm.runtime.load_module(temp.relpath("m.o")), tvm.runtime.Module
        )

    def test_sessions(self) -> None:
        remote = rpc.LocalSession()
        remote.upload(b"bytes", "name")
        self.assertEqual(remote.listdir(), ["name"])
        self.assertEqual(remote.download("name"), b"bytes")
        remote.remove("name")
        self.assertEqual(remote.listdir(), [])
        with self.assertRaises(ValueError):
            remote.upload(b"bytes")
        self.assertEqual(remote.cpu(0), tvm.cpu(0))
        self.assertEqual(remote.device("ext_dev -keys=vta"), tvm.ext_dev())
        self.assertEqual(remote.context("cpu"), tvm.cpu())
        clear = remote.get_function("vta.simulator.profiler_clear")
        clear()

    def test_arrays(self) -> None:
        values = numpy.arange(6, dtype="float32").reshape(2, 3)
        array = tvm.nd.array(values)
        self.assertIsInstance(array, tvm.nd.NDArray)
        self.assertIs(tvm.runtime.NDArray, tvm.nd.NDArray)
        self.assertEqual((array.device, array.ctx), (tvm.cpu(0), tvm.cpu(0)))
        self.assertEqual((array.shape, array.dtype), ((2, 3), "float32"))
        numpy.testing.assert_array_equal(array.asnumpy(), values)
        array[0, 0] = 9
        self.assertEqual(array[0, 0], 9)
        other = array.copyto(tvm.ext_dev(0))
        tvm.testing.assert_allclose(other.numpy(), array.numpy())
        array.copyto(other).copyfrom(values)
        with self.assertRaises(ValueError):
            other.copyfrom(values[0])
        numpy.testing.assert_array_equal(numpy.from_dlpack(other), values)
        self.assertEqual(tvm.nd.from_dlpack(other).shape, (2, 3))
        with self.assertRaises(TypeError):
            tvm.nd.from_dlpack([1])
        self.assertTrue(other.to_dlpack())
        self.assertEqual(other.__dlpack_device__(), (1, 0))
        numpy.testing.assert_array_equal(numpy.asarray(other), values)
        self.assertEqual(tvm.nd.numpyasarray(values).shape, (2, 3))
        self.assertEqual(len(array), 2)
        self.assertIn("NDArray", repr(array))
        self.assertTrue(array.handle)
        with self.assertRaises(AssertionError):
            tvm.testing.assert_allclose([1.0], [2.0])

    def test_devices(self) -> None:
        device = tvm.device("ext_dev", 0)
        self.assertEqual((device.device_type, device.device_id), (12, 0))
        self.assertEqual(tvm.nd.device(1), tvm.nd.cpu())
        self.assertEqual(repr(tvm.nd.ext_dev(0)), "ext_dev(0)")
        self.assertIsInstance(device, tvm.Device)
        self.assertIs(tvm.nd.Device, tvm.runtime.Device)
        self.assertTrue(device.exist)
        device.sync()
        self.assertEqual(len({device, tvm.ext_dev()}), 1)
        for bad in (lambda: tvm.device("cuda"), lambda: tvm.cpu(1)):
            with self.assertRaises(ValueError):
                bad()

    def test_targets(self) -> None:
        env = vta.get_env()
        target = env.target
        self.assertEqual(target.keys, ["vta", "cpu"])
        self.assertEqual(
            (target.kind.name, target.device_name), ("ext_dev", "vta")
        )
        self.assertEqual(target.model, env.MODEL)
        hosted = tvm.target.Target(target, host=env.target_host)
        self.assertEqual(hosted.host.kind.name, "llvm")
        self.assertEqual(tvm.target.Target(hosted).host, hosted.host)
        self.assertEqual(str(hosted), str(target))
        self.assertIn("-model=sim_1x16", str(target))
        self.assertIn("arm_cpu", env.target_vta_cpu.keys)
        self.assertIsNone(tvm.target.Target.current())
        with target:
            self.assertIs(tvm.target.Target.current(), target)
        with self.assertRaises(ValueError):
            tvm.target.Target.current(allow_none=False)
        with self.assertRaises(ValueError):
            tvm.target.Target("cuda")
        self.assertEqual(tvm.target.Target({"kind": "llvm"}).keys, ["cpu"])
        self.assertEqual(
            tvm.target.Target("llvm -mtriple=armv7-none").mtriple, "armv7-none"
        )
        self.assertIn("Target", repr(target))
        self.assertEqual(len({target, env.target}), 1)
        self.assertEqual(tvm.target.target_name("llvm -x=y"), "cpu")
        self.assertEqual(repr(tvm.target.TargetKind("c")), "c")
        self.assertIs(tvm.Target, tvm.target.Target)
        self.assertIn("vta", tvm.target.vta().keys)
        self.assertIn("cpu", tvm.target.arm_cpu().keys)

    def test_functions_by_name(self) -> None:
        @tvm.register_func("test.mine", override=True)
        def mine(x):
            return x + 1

        self.assertEqual(tvm.get_global_func("test.mine")(1), 2)
        with self.assertRaises(ValueError):
            tvm.register_func("test.mine", mine)
        self.assertIsNone(tvm.get_global_func("test.nothing", True))
        with self.assertRaises(ValueError):
            tvm.get_global_func("test.nothing")
        self.assertEqual(tvm.convert(3), 3)
        self.assertEqual(tvm.runtime.convert([1]), [1])
        self.assertTrue(tvm.runtime.enabled("rpc"))
        self.assertFalse(tvm.runtime.enabled("cuda"))

    def test_helpers(self) -> None:
        calls = []

        @tvm.contrib.pickle_memoize.memoize("test")
        def slow(x):
            calls.append(x)
            return x

        self.assertEqual([slow(1), slow(1), slow(2)], [1, 1, 2])
        self.assertEqual(calls, [1, 2])
        with utils.tempdir() as temp:
            self.assertIsInstance(temp, utils.TempDirectory)
            open(temp / "file", "w", encoding="utf-8").close()
            self.assertEqual(temp.listdir(), ["file"])
            path = temp.path
        self.assertFalse(os.path.exists(path))
        error = tvm.error.TVMError("message")
        self.assertIsInstance(tvm.error.OpError("m"), tvm.TVMError)
        self.assertEqual(str(error), "message")

    def test_paddings(self) -> None:
        pad = tvm.relay.nn.get_pad_tuple2d
        self.assertEqual(pad(1), (1, 1, 1, 1))
        self.assertEqual(pad((1, 2)), (1, 2, 1, 2))
        self.assertEqual(pad((1, 2, 3, 4)), (1, 2, 3, 4))
        with self.assertRaises(ValueError):
            pad((1, 2, 3))

    def test_rpc_is_not_there_yet(self) -> None:
        with self.assertRaisesRegex((NotImplementedError, OSError), ""):
            rpc.connect("127.0.0.1", 1)


class Environments(unittest.TestCase):
    def test_members(self) -> None:
        env = vta.get_env()
        self.assertIsInstance(env, vta.Environment)
        self.assertEqual(env.MODEL, "sim_1x16_i8w8a32_15_15_18_17")
        self.assertEqual((env.BATCH, env.BLOCK_IN, env.BLOCK_OUT), (1, 16, 16))
        self.assertEqual((env.INP_ELEM_BYTES, env.WGT_ELEM_BITS), (16, 2048))
        self.assertEqual(env.OUT_BUFF_SIZE, 32768)
        self.assertEqual((env.inp_dtype, env.acc_dtype), ("int8", "int32"))
        self.assertEqual((env.dma_copy, env.alu), ("dma_copy", "alu"))
        mock = env.mock
        self.assertEqual(
            (mock.dma_copy, mock.alu), ("skip_dma_copy", "skip_alu")
        )
        self.assertIs(mock.mock, mock)
        self.assertIs(env.mock, mock)
        self.assertIsInstance(env.dev, vta.environment.DevContext)
        self.assertEqual(env.dev.MEM_ID_ACC_8BIT, 5)
        self.assertIn("GEMM", repr(env.gemm))
        self.assertIn("mock", repr(mock.gemm))
        self.assertIsInstance(vta.intrin.gemm(env), vta.intrin.Gemm)
        self.assertEqual(env.target_host, "llvm")

    def test_configuration(self) -> None:
        env = vta.get_env()
        self.assertIsInstance(env.pkg, vta.environment.PkgConfig)
        self.assertTrue(env.pkg.same_config(dict(env.cfg_dict)))
        self.assertFalse(env.pkg.same_config({}))
        self.assertEqual(json.loads(env.pkg.cfg_json), env.cfg_dict)
        self.assertEqual(vta.environment.get_vta_hw_path(), "")
        cfg = dict(env.cfg_dict, TARGET="ultra96")
        with vta.Environment(cfg) as other:
            self.assertIs(vta.get_env(), other)
            self.assertIn("aarch64", other.target_host)
            self.assertTrue(vta.get_bitstream_path().endswith(".bit"))
            with self.assertRaises(RuntimeError):
                vta.download_bitstream()
            with self.assertRaises(RuntimeError):
                vta.program_fpga(rpc.LocalSession())
        self.assertIs(vta.get_env(), env)
        with vta.Environment(dict(cfg, TARGET="pynq")) as other:
            self.assertIn("armv7", other.target_host)
        with vta.Environment(dict(cfg, TARGET="xyz")) as other:
            with self.assertRaises(ValueError):
                other.target_host
            with self.assertRaises(RuntimeError):
                vta.testing.run(lambda env, remote: None)
        vta.reconfig_runtime(rpc.LocalSession())
        vta.program_fpga(rpc.LocalSession(), None)

    def test_other_shapes(self) -> None:
        path = f"{support.GOLDEN}/configs/b2/vta_config.json"
        with open(path, encoding="utf-8") as file:
            cfg = json.load(file)
        with vta.Environment(cfg) as env:
            self.assertEqual(env.BATCH, 2)
            s, args = program(env)
            module = vta.build(s, args, "ext_dev")
            arrays = [
                tvm.nd.array(numpy.ones(t.shape, t.dtype), tvm.ext_dev(0))
                for t in args
            ]
            module(*arrays)
            self.assertEqual(set(arrays[-1].numpy().ravel()), {2})

    def test_timing_simulator(self) -> None:
        cfg = dict(vta.get_env().cfg_dict, TARGET="tsim")
        with vta.Environment(cfg) as env:
            s, args = program(env)
            module = vta.build(s, args, "ext_dev")
            arrays = [
                tvm.nd.array(numpy.ones(t.shape, t.dtype), tvm.ext_dev(0))
                for t in args
            ]
            simulator.clear_stats()
            module(*arrays)
            self.assertGreater(simulator.stats()["cycle_count"], 0)

    def test_configuration_file(self) -> None:
        code = "import vta; print(vta.get_env().BATCH)"
        environ = dict(os.environ, PYTHONPATH=support.COMPAT)
        with utils.tempdir() as temp:
            os.mkdir(temp.relpath("config"))
            run = [sys.executable, "-c", code]
            environ["VTA_HW_PATH"] = temp.path
            done = subprocess.run(
                run, env=environ, capture_output=True, text=True
            )
            self.assertIn("Cannot find config", done.stderr)
            path = f"{support.GOLDEN}/configs/b2/vta_config.json"
            os.symlink(path, temp.relpath("config/vta_config.json"))
            done = subprocess.run(
                run, env=environ, capture_output=True, text=True
            )
            self.assertEqual(done.stdout, "2\n")

    def test_copies_share_the_hardware(self) -> None:
        self.assertEqual(copy.copy(vta.get_env()).MODEL, vta.get_env().MODEL)

    def test_simulator(self) -> None:
        self.assertTrue(simulator.enabled())
        self.assertEqual(simulator.LIBS, [])
        simulator.debug_mode(0)
        with self.assertRaises(NotImplementedError):
            simulator.debug_mode(simulator.DEBUG_SKIP_EXEC)
        simulator.clear_stats()
        self.assertEqual(set(simulator.stats().values()), {0})

    def test_run(self) -> None:
        seen = []
        vta.testing.run(lambda env, remote: seen.append((env, remote)))
        self.assertIs(seen[0][0], vta.get_env())
        self.assertIsInstance(seen[0][1], rpc.LocalSession)
        self.assertIs(vta.testing.utils.run, vta.testing.run)
        self.assertIs(vta.testing.simulator, simulator)


class Library(unittest.TestCase):
    """vta.top: results and schedules of the operators."""

    def tail(self, sums, env):
        shifted = topi.right_shift(sums, 8)
        with te.tag_scope(topi.tag.ELEMWISE):
            low = te.compute(
                shifted.shape, lambda *i: te.min(shifted(*i), 127), "clipA"
            )
            high = te.compute(
                low.shape, lambda *i: te.max(low(*i), 0), "clipB"
            )
        return topi.cast(high, env.out_dtype)

    def check(self, s, args, expected, seed: int = 0) -> None:
        """Random inputs, and the results of numpy."""
        rng = numpy.random.default_rng(seed)
        arrays = []
        for t in args[:-1]:
            bits = 8 if t.dtype == "int8" else 15
            made = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), t.shape)
            arrays.append(made.astype(t.dtype))
        result = numpy.zeros(args[-1].shape, args[-1].dtype)
        with vta.build_config(disabled_pass={"tir.CommonSubexprElimTIR"}):
            module = vta.build(s, args, "ext_dev")
        module(*arrays, result)
        numpy.testing.assert_array_equal(result, expected(*arrays))

    @staticmethod
    def requantize(sums):
        return numpy.clip(sums.astype("int32") >> 8, 0, 127).astype("int8")

    def test_dense(self) -> None:
        env = vta.get_env()
        data = te.placeholder((2, 4, 1, 16), name="data", dtype=env.inp_dtype)
        weight = te.placeholder(
            (3, 4, 16, 16), name="kernel", dtype=env.wgt_dtype
        )
        with env.target, autotvm.tophub.context(env.target):
            res = vta.top.dense_packed(data, weight, None, env.acc_dtype)
            self.assertEqual(res.op.tag, "dense_pack")
            res = self.tail(res, env)
            s = vta.top.schedule_dense_packed([res])

        def expected(x, w):
            return self.requantize(
                numpy.einsum("nkbi,okci->nobc", x.astype("i8"), w.astype("i8"))
            )

        self.check(s, [data, weight, res], expected)
        with self.assertRaises(topi.InvalidShapeError):
            vta.top.dense_packed(
                data, te.placeholder((3, 5, 16, 16), "int8"), None, "int32"
            )

    def conv(self, fcompute, fschedule, extra, groups: int) -> None:
        env = vta.get_env()
        data = te.placeholder((1, 2, 6, 7, 1, 16), name="data", dtype="int8")
        kernel = te.placeholder(
            (4, 2 // groups, 3, 3, 16, 16), name="kernel", dtype="int8"
        )
        bias = te.placeholder((1, 4, 1, 1, 1, 16), name="bias", dtype="int32")
        res = fcompute(data, kernel, (2, 1), (1, 1), (1, 1), extra, "int32")
        shifted = topi.right_shift(res, 8)
        res = topi.add(shifted, bias)
        with te.tag_scope(topi.tag.ELEMWISE):
            low = te.compute(
                res.shape, lambda *i: te.min(res(*i), 127), "clipA"
            )
            high = te.compute(
                low.shape, lambda *i: te.max(low(*i), 0), "clipB"
            )
        res = topi.cast(high, env.out_dtype)
        s = fschedule([res])

        def expected(x, w, b):
            plain = x.transpose(0, 4, 1, 5, 2, 3).reshape(1, 32, 6, 7)
            w = w.transpose(0, 4, 1, 5, 2, 3).reshape(64, 32 // groups, 3, 3)
            sums = topi.testing.conv2d_nchw_python(
                plain.astype("int32"),
                w.astype("int32"),
                (2, 1),
                (1, 1),
                groups,
            )
            packed = sums.reshape(1, 1, 4, 16, 3, 7).transpose(
                0, 2, 4, 5, 1, 3
            )
            return numpy.clip((packed >> 8) + b, 0, 127).astype("int8")

        self.check(s, [data, kernel, bias, res], expected)

    def test_conv2d(self) -> None:
        self.conv(
            vta.top.conv2d_packed,
            vta.top.schedule_conv2d_packed,
            "NCHW1n16c",
            1,
        )
        data = te.placeholder((1, 1, 4, 4, 1, 16), "int8")
        kernel = te.placeholder((1, 1, 1, 1, 16, 16), "int8")
        one = vta.top.conv2d_packed(
            data, kernel, (1, 1), (0, 0), (1, 1), "NCHW1n16c", "int32"
        )
        self.assertEqual(one.shape, (1, 1, 4, 4, 1, 16))
        with self.assertRaises(topi.InvalidShapeError):
            vta.top.conv2d_packed(
                data, kernel, (1, 1), (0, 0), (1, 1), "NCHW", "int32"
            )
        self.assertTrue(vta.top.utils.is_packed_layout("NCHW1n16c"))

    def test_group_conv2d(self) -> None:
        self.conv(
            vta.top.group_conv2d_packed,
            vta.top.schedule_group_conv2d_packed,
            2,
            2,
        )

    def test_conv2d_transpose(self) -> None:
        """The kernel is packed flipped, as the reference's test does."""
        env = vta.get_env()
        data = te.placeholder((1, 2, 3, 4, 1, 16), name="data", dtype="int8")
        kernel = te.placeholder(
            (1, 2, 4, 4, 16, 16), name="kernel", dtype="int8"
        )
        sums = vta.top.conv2d_transpose_packed(
            data, kernel, (2, 2), (1, 1), "int32"
        )
        self.assertEqual(sums.shape, (1, 1, 6, 8, 1, 16))
        res = self.tail(sums, env)
        s = vta.top.schedule_conv2d_transpose_packed([res])

        def expected(x, w):
            plain = x.transpose(0, 4, 1, 5, 2, 3).reshape(1, 32, 3, 4)
            w = w[:, :, ::-1, ::-1].transpose(1, 5, 0, 4, 2, 3)
            sums = topi.testing.conv2d_transpose_nchw_python(
                plain.astype("int32"),
                w.reshape(32, 16, 4, 4).astype("int32"),
                (2, 2),
                1,
                (0, 0),
            )
            packed = sums.reshape(1, 1, 1, 16, 6, 8)
            return self.requantize(packed.transpose(0, 2, 4, 5, 1, 3))

        self.check(s, [data, kernel, res], expected)
        with self.assertRaisesRegex(NotImplementedError, "output padding"):
            vta.top.conv2d_transpose_packed(
                data, kernel, (2, 2), (1, 1), "int32", (1, 1)
            )
        with self.assertRaisesRegex(ValueError, "neither 2 nor 4"):
            vta.top.conv2d_transpose_packed(
                data, kernel, (2, 2), (1, 1, 1), "int32"
            )

    def test_alu(self) -> None:
        shape = (1, 2, 4, 4, 1, 16)
        for fcompute, fschedule, operation in (
            (vta.top.add_packed, vta.top.schedule_add_packed, numpy.add),
            (
                vta.top.multiply_packed,
                vta.top.schedule_multiply_packed,
                numpy.multiply,
            ),
        ):
            a = te.placeholder(shape, name="a", dtype="int32")
            b = te.placeholder(shape, name="b", dtype="int32")
            res = topi.cast(fcompute(a, b), "int8")
            s = fschedule([res])
            self.assertTrue(vta.top.schedule_alu_packed(res).stages)
            arrays = [numpy.full(shape, v, "int32") for v in (5, -3)]
            result = numpy.zeros(shape, "int8")
            tvm.build(s, [a, b, res], "llvm")(*arrays, result)
            self.assertEqual(result.flat[0], operation(5, -3))

    def test_virtual_threads(self) -> None:
        """The knobs of a schedule can be set."""
        data = te.placeholder((1, 2, 4, 4, 1, 16), name="data", dtype="int8")
        kernel = te.placeholder(
            (4, 2, 1, 1, 16, 16), name="kernel", dtype="int8"
        )
        res = self.tail(
            vta.top.conv2d_packed(
                data, kernel, (1, 1), (0, 0), (1, 1), "NCHW1n16c", "int32"
            ),
            vta.get_env(),
        )
        cfg = autotvm.FallbackConfigEntity()
        knobs = autotvm.knobs
        cfg["oc_nthread"] = knobs.OtherOptionEntity(2)
        cfg["tile_h"] = knobs.SplitEntity([-1, 2])
        s = vta.top.schedule_conv2d_packed.with_config(cfg, [res])
        self.assertIn("2", repr(cfg["tile_h"]) + repr(cfg["oc_nthread"]))

        def expected(x, w):
            sums = numpy.einsum(
                "nkhwbi,okci->nohwbc",
                x.astype("i8"),
                w[:, :, 0, 0].astype("i8"),
            )
            return self.requantize(sums)

        self.check(s, [data, kernel, res], expected)
        cfg.add_flop(3)
        self.assertEqual(cfg.flop, 3.0)
        self.assertTrue(callable(autotvm.register_topi_compute("x")))
        self.assertTrue(callable(autotvm.register_topi_schedule("x")))


class Missing(unittest.TestCase):
    def test_names(self) -> None:
        for module, name in (
            (tvm, "meta_schedule"),
            (tvm.relay, "build"),
            (tvm.relay.nn, "conv2d"),
            (te, "var"),
            (te, "hybrid"),
            (tir, "ProducerLoad"),
            (tir.transform, "InjectPTXAsyncCopy"),
            (tir.stmt_functor, "StmtVisitor"),
            (topi, "exp"),
            (topi.nn, "conv2d"),
            (vta, "nothing"),
            (vta.top, "bitpack"),
            (vta.top, "graph_pack"),
            (rpc, "Server"),
            (tvm.nd, "NoSuch"),
            (tvm.contrib, "graph_executor"),
        ):
            with self.subTest(name):
                with self.assertRaisesRegex(
                    AttributeError, f"no '{name}'; .+"
                ):
                    getattr(module, name)

    def test_modules(self) -> None:
        for name in (
            "tvm.relay.testing",
            "tvm.contrib.graph_executor",
            "vta.exec",
        ):
            with self.assertRaisesRegex(ImportError, "has no module"):
                __import__(name)


if __name__ == "__main__":
    unittest.main()
