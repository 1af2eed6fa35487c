# SPDX-License-Identifier: Apache-2.0
"""The four families of captured workloads, written with vtac.

Each program yields (stage, schedule, tensors) as far as it has been scheduled;
test/golden/README.md says what they are.
"""
from __future__ import annotations

import numpy
import vtac


class Program:
    """One workload: its stages, its inputs and what should come out."""

    stages: list
    args: list

    def __init__(self, params: dict, config: vtac.Config) -> None:
        self.p = params
        self.c = config
        self.context = vtac.Context(config)
        self.disabled: tuple = ()
        with self.context:
            self.declare()

    def inputs(self, rng) -> list:
        """Random values for the placeholders."""
        made = []
        for tensor in self.args[:-1]:
            bits = int(tensor.dtype[3:]) if tensor.dtype != "int32" else 8
            low, high = -(1 << (bits - 1)), 1 << (bits - 1)
            values = rng.integers(low, high, tensor.shape)
            made.append(values.astype(tensor.dtype))
        return made

    def requantize(self, sums):
        """Shifted, clipped, narrowed."""
        top = (1 << (self.c.INP_WIDTH - 1)) - 1
        shifted = sums.astype("int32") >> self.p["shift"]
        return numpy.clip(shifted, 0, top).astype(self.c.inp_dtype)

    def tail(self, sums, shape):
        """The stages after the sums."""
        top = (1 << (self.c.INP_WIDTH - 1)) - 1
        p, dtype = self.p, self.c.inp_dtype
        shr = vtac.compute(shape, lambda *i: sums(*i) >> p["shift"], "res_shr")
        high = vtac.compute(shape, lambda *i: vtac.max(shr(*i), 0), "res_max")
        low = vtac.compute(
            shape, lambda *i: vtac.min(high(*i), top), "res_min"
        )
        res = vtac.compute(shape, lambda *i: low(*i).astype(dtype), "res")
        return shr, high, low, res

    def place(self, s, operands, sums, vectors) -> None:
        """Memories and units of the tutorials' programs."""
        for tensor, scope in zip(operands, (vtac.INP_SCOPE, vtac.WGT_SCOPE)):
            s[tensor].set_scope(scope)
        for tensor in (sums, *vectors):
            s[tensor].set_scope(vtac.ACC_SCOPE)
        for tensor in operands:
            s[tensor].pragma(s[tensor].axis[0], vtac.DMA_COPY)
        for tensor in vectors:
            s[tensor].pragma(s[tensor].axis[0], vtac.ALU)


class Matmul(Program):
    def declare(self) -> None:
        p, c = self.p, self.c
        data_shape = (p["batch"] // c.BATCH, p["ic"] // c.BLOCK_IN)
        data_shape += (c.BATCH, c.BLOCK_IN)
        weight_shape = (p["oc"] // c.BLOCK_OUT, p["ic"] // c.BLOCK_IN)
        weight_shape += (c.BLOCK_OUT, c.BLOCK_IN)
        shape = (p["batch"] // c.BATCH, p["oc"] // c.BLOCK_OUT)
        shape += (c.BATCH, c.BLOCK_OUT)
        ic = vtac.reduce_axis((0, p["ic"] // c.BLOCK_IN), name="ic")
        ic_tns = vtac.reduce_axis((0, c.BLOCK_IN), name="ic_tns")
        data = vtac.placeholder(data_shape, c.inp_dtype, name="data")
        weight = vtac.placeholder(weight_shape, c.wgt_dtype, name="weight")
        data_buf = vtac.copy(data, "data_buf")
        weight_buf = vtac.copy(weight, "weight_buf")
        acc = c.acc_dtype
        gemm = vtac.compute(
            shape,
            lambda bo, co, bi, ci: vtac.sum(
                data_buf[bo, ic, bi, ic_tns].astype(acc)
                * weight_buf[co, ic, ci, ic_tns].astype(acc),
                axis=[ic, ic_tns],
            ),
            name="res_gem",
        )
        *vectors, res = self.tail(gemm, shape)
        self.args = [data, weight, res]
        s = vtac.schedule(res)
        self.schedule = s
        self.stages = [("default", lambda: None)]

        def tiled() -> None:
            b, oc, _, _ = s[res].axis
            b_out, b_inn = s[res].split(b, max(p["b_block"] // c.BATCH, 1))
            oc_out, oc_inn = s[res].split(oc, p["o_block"] // c.BLOCK_OUT)
            s[res].reorder(b_out, oc_out, b_inn, oc_inn)
            for tensor in (gemm, *vectors):
                s[tensor].compute_at(s[res], oc_out)
            b_inn, oc_inn, b_tns, oc_tns = s[gemm].axis
            ic_out, ic_inn = s[gemm].split(ic, p["i_block"] // c.BLOCK_IN)
            s[gemm].reorder(
                ic_out, b_inn, oc_inn, ic_inn, b_tns, oc_tns, ic_tns
            )
            self.ic_out, self.b_tns = ic_out, b_tns

        def vta() -> None:
            self.place(s, (data_buf, weight_buf), gemm, vectors)
            s[data_buf].compute_at(s[gemm], self.ic_out)
            s[weight_buf].compute_at(s[gemm], self.ic_out)
            s[res].pragma(s[res].axis[2], vtac.DMA_COPY)
            s[gemm].tensorize(self.b_tns)

        self.stages += [("tiled", tiled), ("vta", vta)]

    def expected(self, data, weight):
        sums = numpy.einsum(
            "nkbi,okci->nobc", data.astype("i8"), weight.astype("i8")
        )
        return self.requantize(sums)


class Conv2d(Program):
    def declare(self) -> None:
        p, c = self.p, self.c
        self.disabled = ("CommonSubexprElim",)
        blocks_in, blocks_out = p["ic"] // c.BLOCK_IN, p["oc"] // c.BLOCK_OUT
        batch = p["batch"] // c.BATCH
        shapes = {
            "data": (batch, blocks_in, p["h"], p["w"], c.BATCH, c.BLOCK_IN),
            "kernel": (blocks_out, blocks_in, p["kh"], p["kw"])
            + (c.BLOCK_OUT, c.BLOCK_IN),
        }
        height = (p["h"] + 2 * p["ph"] - p["kh"]) // p["sh"] + 1
        width = (p["w"] + 2 * p["pw"] - p["kw"]) // p["sw"] + 1
        shape = (batch, blocks_out, height, width, c.BATCH, c.BLOCK_OUT)
        data = vtac.placeholder(shapes["data"], c.inp_dtype, name="data")
        kernel = vtac.placeholder(shapes["kernel"], c.wgt_dtype, name="kernel")
        if p["ph"] or p["pw"]:
            around = [0, 0, p["ph"], p["pw"], 0, 0]
            data_buf = vtac.pad(data, around, name="data_buf")
        else:
            data_buf = vtac.copy(data, "data_buf")
        kernel_buf = vtac.copy(kernel, "kernel_buf")
        dy = vtac.reduce_axis((0, p["kh"]), name="dy")
        dx = vtac.reduce_axis((0, p["kw"]), name="dx")
        ic = vtac.reduce_axis((0, blocks_in), name="ic")
        ic_tns = vtac.reduce_axis((0, c.BLOCK_IN), name="ic_tns")
        acc = c.acc_dtype
        conv = vtac.compute(
            shape,
            lambda bo, co, i, j, bi, ci: vtac.sum(
                data_buf[
                    bo, ic, i * p["sh"] + dy, j * p["sw"] + dx, bi, ic_tns
                ].astype(acc)
                * kernel_buf[co, ic, dy, dx, ci, ic_tns].astype(acc),
                axis=[ic, dy, dx, ic_tns],
            ),
            name="res_conv",
        )
        *vectors, res = self.tail(conv, shape)
        self.args = [data, kernel, res]
        s = vtac.schedule(res)
        self.schedule = s
        self.stages = [("default", lambda: None)]

        def tiled() -> None:
            b, oc, y, x, b_tns, oc_tns = s[res].axis
            b_block = max(p.get("b_block", 1) // c.BATCH, 1)
            b_out, b_inn = s[res].split(b, b_block)
            oc_out, oc_inn = s[res].split(oc, p["oc_block"] // c.BLOCK_OUT)
            y_out, y_inn = s[res].split(y, p["h_block"])
            x_out, x_inn = s[res].split(x, p["w_block"])
            s[res].reorder(
                b_out, oc_out, y_out, x_out, b_inn, oc_inn, y_inn, x_inn,
                b_tns, oc_tns,
            )  # fmt: skip
            for tensor in (conv, *vectors):
                s[tensor].compute_at(s[res], x_out)
            b_inn, oc_inn, y_inn, x_inn, b_tns, oc_tns = s[conv].axis
            ic_out, ic_inn = s[conv].split(ic, p["ic_block"] // c.BLOCK_IN)
            s[conv].reorder(
                ic_out, b_inn, oc_inn, y_inn, ic_inn, dy, dx, x_inn, b_tns,
                oc_tns, ic_tns,
            )  # fmt: skip
            if p["vthreads"] > 1:
                _, thread = s[res].split(oc_out, p["vthreads"])
                s[res].reorder(thread, b_out)
                s[res].bind(thread, "cthread")
            self.ic_out, self.b_tns = ic_out, b_tns

        def vta() -> None:
            self.place(s, (data_buf, kernel_buf), conv, vectors)
            s[data_buf].compute_at(s[conv], self.ic_out)
            s[kernel_buf].compute_at(s[conv], self.ic_out)
            s[res].pragma(s[res].axis[4], vtac.DMA_COPY)
            s[conv].tensorize(self.b_tns)

        self.stages += [("tiled", tiled), ("vta", vta)]

    def expected(self, data, kernel):
        p = self.p
        around = [(0, 0)] * 6
        around[2], around[3] = (p["ph"],) * 2, (p["pw"],) * 2
        padded = numpy.pad(data.astype("i4"), around)
        windows = numpy.lib.stride_tricks.sliding_window_view(
            padded, (p["kh"], p["kw"]), (2, 3)
        )[:, :, :: p["sh"], :: p["sw"]]
        n, k, h, w, b, i, kh, kw = windows.shape
        columns = windows.transpose(0, 2, 3, 4, 1, 6, 7, 5)
        columns = columns.reshape(n * h * w * b, k * kh * kw * i)
        o, _, _, _, c, _ = kernel.shape
        matrix = kernel.transpose(0, 4, 1, 2, 3, 5).reshape(o * c, -1)
        sums = columns.astype("f8") @ matrix.astype("f8").T
        sums = sums.astype("i8").reshape(n, h, w, b, o, c)
        return self.requantize(sums.transpose(0, 4, 1, 2, 3, 5))


class Eltwise(Program):
    def declare(self) -> None:
        p, c = self.p, self.c
        shape = (p["n"], p["m"], c.BATCH, c.BLOCK_OUT)
        inputs = [
            vtac.placeholder(shape, "int32", name=name)
            for name in ("A", "B")[: 2 if p["add"] else 1]
        ]
        copies = [vtac.copy(t, f"{t.name}_buf") for t in inputs]
        vectors, last = [], copies[0]
        if p["add"]:
            a, b = copies
            last = vtac.compute(shape, lambda *i: a(*i) + b(*i), "C_buf")
            vectors.append(last)
        for n, (name, value) in enumerate(p["chain"]):
            last = vtac.compute(shape, self.step(last, name, value), f"t{n}")
            vectors.append(last)
        source = last
        res = vtac.compute(
            shape, lambda *i: source(*i).astype(c.inp_dtype), "res"
        )
        self.args = [*inputs, res]
        s = vtac.schedule(res)
        self.schedule = s

        def vta() -> None:
            for tensor in (*copies, *vectors):
                s[tensor].set_scope(vtac.ACC_SCOPE)
            for tensor in (*copies, res):
                s[tensor].pragma(s[tensor].axis[0], vtac.DMA_COPY)
            for tensor in vectors:
                s[tensor].pragma(s[tensor].axis[0], vtac.ALU)

        self.stages = [("default", lambda: None), ("vta", vta)]

    @staticmethod
    def step(tensor, name: str, value: int):
        return {
            "add": lambda *i: tensor(*i) + value,
            "shr": lambda *i: tensor(*i) >> value,
            "max": lambda *i: vtac.max(tensor(*i), value),
            "min": lambda *i: vtac.min(tensor(*i), value),
        }[name]

    def expected(self, *inputs):
        value = sum(x.astype("i8") for x in inputs)
        steps = {
            "add": numpy.add,
            "shr": numpy.right_shift,
            "max": numpy.maximum,
            "min": numpy.minimum,
        }
        for name, operand in self.p["chain"]:
            value = steps[name](value, operand)
        return value.astype(self.c.inp_dtype)


class GemmFree(Program):
    def declare(self) -> None:
        p, c = self.p, self.c
        o, m, n = p["o"], p["m"], p["n"]
        a = vtac.placeholder((o, n, c.BATCH, c.BLOCK_IN), "int8", name="A")
        b = vtac.placeholder((m, n, c.BLOCK_OUT, c.BLOCK_IN), "int8", name="B")
        a_buf, b_buf = vtac.copy(a, "A_buf"), vtac.copy(b, "B_buf")
        ko = vtac.reduce_axis((0, n), name="ko")
        ki = vtac.reduce_axis((0, c.BLOCK_IN), name="ki")
        shape = (o, m, c.BATCH, c.BLOCK_OUT)
        c_buf = vtac.compute(
            shape,
            lambda bo, co, bi, ci: vtac.sum(
                a_buf[bo, ko, bi, ki].astype("int32")
                * b_buf[co, ko, ci, ki].astype("int32"),
                axis=[ko, ki],
            ),
            name="C_buf",
        )
        res = vtac.compute(shape, lambda *i: c_buf(*i).astype("int8"), "C")
        self.args = [a, b, res]
        s = vtac.schedule(res)
        self.schedule = s

        def vta() -> None:
            s[a_buf].set_scope(vtac.INP_SCOPE)
            s[b_buf].set_scope(vtac.WGT_SCOPE)
            s[c_buf].set_scope(vtac.ACC_SCOPE)
            store = s[res].axis[0]
            if p.get("tile_m") or p.get("tile_o"):
                o_out, o_inn = s[res].split(s[res].axis[0], p["tile_o"])
                m_out, m_inn = s[res].split(s[res].axis[1], p["tile_m"])
                tiles = [o_out, m_out]
                if p.get("swap"):
                    tiles.reverse()
                s[res].reorder(*tiles, o_inn, m_inn, *s[res].axis[2:])
                s[c_buf].compute_at(s[res], tiles[1])
                store = o_inn
            ks, kt = s[c_buf].split(ko, p["tile_k"])
            axes = {"o": s[c_buf].axis[0], "m": s[c_buf].axis[1], "k": kt}
            loops = [ks, *(axes[letter] for letter in p["order"])]
            s[c_buf].reorder(*loops, *s[c_buf].axis[2:], ki)
            s[a_buf].compute_at(s[c_buf], loops[p["a_at"]])
            s[b_buf].compute_at(s[c_buf], loops[p["b_at"]])
            s[a_buf].pragma(s[a_buf].axis[0], vtac.DMA_COPY)
            s[b_buf].pragma(s[b_buf].axis[0], vtac.DMA_COPY)
            s[res].pragma(store, vtac.DMA_COPY)
            s[c_buf].tensorize(s[c_buf].axis[2])

        self.stages = [("default", lambda: None), ("vta", vta)]

    def expected(self, a, b):
        sums = numpy.einsum("nkbi,okci->nobc", a.astype("i8"), b.astype("i8"))
        return sums.astype("int8")


FAMILIES = {
    "matmul": Matmul,
    "conv2d": Conv2d,
    "eltwise": Eltwise,
    "gemm_free": GemmFree,
}
