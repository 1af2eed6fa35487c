# SPDX-License-Identifier: Apache-2.0
"""Convolutions, plain and in groups of channels."""
from __future__ import annotations

import tvm
from tvm import autotvm, te, topi
from tvm._missing import getattr_of

from ..environment import get_env
from ._graph import Chain, only_output, virtual_thread
from .utils import is_packed_layout


class _Shapes:
    """The parts of a convolution's shape."""

    def __init__(self, data, kernel, strides, padding, dilation) -> None:
        if tuple(dilation) != (1, 1):
            raise ValueError("the accelerator's convolutions have no dilation")
        if len(data.shape) != 6 or len(kernel.shape) != 6:
            raise topi.InvalidShapeError("conv2d takes packed tensors")
        if padding[0]:
            around = [0, 0, padding[0], padding[1], 0, 0]
            self.padded = topi.nn.pad(data, around, name="pad_data")
        else:
            self.padded = data
        const = topi.utils.get_const_tuple
        self.data, self.kernel = const(data.shape), const(kernel.shape)
        height, width = const(self.padded.shape)[2:4]
        self.output = (
            self.data[0],
            self.kernel[0],
            (height - self.kernel[2]) // strides[0] + 1,
            (width - self.kernel[3]) // strides[1] + 1,
            self.data[4],
            self.kernel[4],
        )
        self.flop = 2 * self.kernel[2] * self.kernel[3] * self.data[5]
        for extent in (*self.output, self.kernel[1]):
            self.flop *= extent


def _convolve(shapes: _Shapes, kernel, strides, channel, out_dtype, tag: str):
    """The sums; ``channel(c_o, k_o)`` is the block of input channels."""
    d_i = te.reduce_axis((0, shapes.kernel[2]), name="d_i")
    d_j = te.reduce_axis((0, shapes.kernel[3]), name="d_j")
    k_o = te.reduce_axis((0, shapes.kernel[1]), name="k_o")
    k_i = te.reduce_axis((0, shapes.kernel[5]), name="k_i")
    rows, columns = strides
    return te.compute(
        shapes.output,
        lambda b_o, c_o, i, j, b_i, c_i: te.sum(
            shapes.padded[
                b_o,
                channel(c_o, k_o),
                i * rows + d_i,
                j * columns + d_j,
                b_i,
                k_i,
            ].astype(out_dtype)
            * kernel[c_o, k_o, d_i, d_j, c_i, k_i].astype(out_dtype),
            axis=[k_o, d_i, d_j, k_i],
        ),
        name="res",
        tag=tag,
    )


@autotvm.register_topi_compute("conv2d_packed.vta")
def conv2d_packed(
    cfg, data, kernel, strides, padding, dilation, layout, out_dtype
):
    """data (N, C, H, W, n, c) convolved with kernel (O, C, KH, KW, o, c)."""
    if not is_packed_layout(layout):
        raise topi.InvalidShapeError(f"layout {layout} is not packed")
    shapes = _Shapes(data, kernel, strides, padding, dilation)
    cfg.add_flop(shapes.flop)
    return _convolve(
        shapes,
        kernel,
        strides,
        lambda c_o, k_o: k_o,
        out_dtype,
        "conv2d_dense",
    )


@autotvm.register_topi_compute("group_conv2d_packed.vta")
def group_conv2d_packed(
    cfg, data, kernel, strides, padding, dilation, group, out_dtype
):
    """conv2d_packed within groups of channels."""
    shapes = _Shapes(data, kernel, strides, padding, dilation)
    blocks, per_group = shapes.kernel[:2]
    if group * per_group != shapes.data[1] or blocks % group != 0:
        raise topi.InvalidShapeError(
            f"{group} groups do not divide {shapes.data[1]} and {blocks}"
            " blocks of channels"
        )
    cfg.add_flop(shapes.flop)
    return _convolve(
        shapes,
        kernel,
        strides,
        lambda c_o, k_o: c_o // (blocks // group) * per_group + k_o,
        out_dtype,
        "packed_group_conv2d",
    )


def _define_knobs(cfg, s, conv) -> None:
    b, c_o, i, j, _, _ = s[conv].op.axis
    c_i = s[conv].op.reduce_axis[0]
    for name, axis in (
        ("tile_b", b),
        ("tile_h", i),
        ("tile_w", j),
        ("tile_ci", c_i),
        ("tile_co", c_o),
    ):
        cfg.define_split(name, axis, num_outputs=2)
    cfg.define_knob("oc_nthread", [1, 2])
    cfg.define_knob("h_nthread", [1, 2])


def _copy_operands(s, env, conv):
    """The padded data (or a copy) and a copy of the kernel, on chip."""
    data, kernel = conv.op.input_tensors
    if isinstance(data.op, tvm.te.ComputeOp) and "pad" in data.op.tag:
        s[data].set_scope(env.inp_scope)
    else:
        data = s.cache_read(data, env.inp_scope, [conv])
    return data, s.cache_read(kernel, env.wgt_scope, [conv])


def _order_sums(s, conv) -> tuple:
    """The order of the loops around the matrix unit; the loop over blocks of
    input channels and the one from where the unit works."""
    b, c, i, j, tile, c_i = s[conv].op.axis
    k_o, d_i, d_j, k_i = s[conv].op.reduce_axis
    s[conv].reorder(b, k_o, j, d_j, d_i, c, i, tile, c_i, k_i)
    return k_o, tile


def schedule_convolution(cfg, outs, tag: str, order_sums=_order_sums):
    """Tiles the output, and computes all the rest inside its tiles."""
    output = only_output(outs)
    chain = Chain(output, tag)
    conv = chain.sums
    s = te.create_schedule(output.op)
    env = get_env()
    _define_knobs(cfg, s, conv)
    operands = _copy_operands(s, env, conv)
    copies = chain.put_on_chip(s, env)

    b, c, i, j, b_i, c_i = s[output].op.axis
    c_out, c_in = cfg["tile_co"].apply(s, output, c)
    i_out, i_in = cfg["tile_h"].apply(s, output, i)
    j_out, j_in = cfg["tile_w"].apply(s, output, j)
    s[output].reorder(b, i_out, c_out, j_out, c_in, i_in, j_in, b_i, c_i)
    chain.compute_at(s, env, copies, j_out)
    virtual_thread(s, output, c_out, cfg["oc_nthread"].val, b)
    virtual_thread(s, output, i_out, cfg["h_nthread"].val, b)

    k_o, tile = order_sums(s, conv)
    k_out, _ = cfg["tile_ci"].apply(s, conv, k_o)
    for operand in operands:
        s[operand].compute_at(s[conv], k_out)
        s[operand].pragma(s[operand].op.axis[0], env.dma_copy)
    s[conv].tensorize(tile, env.gemm)
    s[output].pragma(c_in, env.dma_copy)
    return s


@autotvm.register_topi_schedule("conv2d_packed.vta")
def schedule_conv2d_packed(cfg, outs):
    """Schedules conv2d_packed and the element-wise operations behind it."""
    return schedule_convolution(cfg, outs, "conv2d_dense")


@autotvm.register_topi_schedule("group_conv2d_packed.vta")
def schedule_group_conv2d_packed(cfg, outs):
    """Schedules group_conv2d_packed and what lies behind it."""
    return schedule_convolution(cfg, outs, "packed_group_conv2d")


__getattr__ = getattr_of(__name__)

__all__ = [
    "conv2d_packed",
    "group_conv2d_packed",
    "schedule_conv2d_packed",
    "schedule_group_conv2d_packed",
]
