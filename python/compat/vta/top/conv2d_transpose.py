# SPDX-License-Identifier: Apache-2.0
"""Transposed convolutions: a convolution with the flipped kernel over an input
that has zeros between its elements."""
from __future__ import annotations

from tvm import autotvm, te, topi
from tvm._missing import getattr_of

from .conv2d import schedule_convolution

_TAG = "packed_conv2d_transpose"


def _padding(padding) -> tuple:
    """Rows above, columns on the left, rows below, columns on the right."""
    sizes = [padding] * 4 if isinstance(padding, int) else list(padding)
    if len(sizes) == 2:
        sizes *= 2
    if len(sizes) != 4:
        raise ValueError(f"padding {padding!r} has neither 2 nor 4 sizes")
    return tuple(int(size) for size in sizes)


def _spread(data, kernel, strides, padding):
    """The input with zeros between and around its elements."""
    height, width = kernel.shape[2:4]
    top, left, bottom, right = _padding(padding)
    wide = topi.nn.dilate(data, [1, 1, *strides, 1, 1])
    return topi.nn.pad(
        wide,
        [0, 0, height - 1 - top, width - 1 - left, 0, 0],
        [0, 0, height - 1 - bottom, width - 1 - right, 0, 0],
    )


@autotvm.register_topi_compute("conv2d_transpose_packed.vta")
def conv2d_transpose_packed(
    cfg, data, kernel, strides, padding, out_dtype, output_padding=(0, 0)
):
    """data (N, C, H, W, n, c) and kernel (O, C, KH, KW, o, c), whose rows and
    columns are flipped, as a transposed convolution."""
    if tuple(output_padding) != (0, 0):
        raise NotImplementedError("output padding must be (0, 0)")
    const = topi.utils.get_const_tuple
    spread = _spread(data, kernel, strides, padding)
    batch, c_in, rows, columns, n, c = const(spread.shape)
    c_out, _, k_h, k_w, o, _ = const(kernel.shape)
    shape = (batch, c_out, rows - k_h + 1, columns - k_w + 1, n, o)
    d_c = te.reduce_axis((0, c_in), name="d_c")
    d_h = te.reduce_axis((0, k_h), name="d_h")
    d_w = te.reduce_axis((0, k_w), name="d_w")
    d_ci = te.reduce_axis((0, c), name="d_ci")
    flop = 2 * k_h * k_w * c_in * c
    for extent in shape:
        flop *= extent
    cfg.add_flop(flop)
    return te.compute(
        shape,
        lambda i_n, i_c, i_h, i_w, j_n, j_c: te.sum(
            spread[i_n, d_c, i_h + d_h, i_w + d_w, j_n, d_ci].astype(out_dtype)
            * kernel[i_c, d_c, d_h, d_w, j_c, d_ci].astype(out_dtype),
            axis=[d_c, d_h, d_w, d_ci],
        ),
        name="res",
        tag=_TAG,
    )


def _order_sums(s, conv) -> tuple:
    """Blocks of rows and columns are written out, so that what only meets
    zeros could be left out."""
    b, c, i, j, tile, c_i = s[conv].op.axis
    k_o, d_i, d_j, k_i = s[conv].op.reduce_axis
    i, ii = s[conv].split(i, 4)
    j, jj = s[conv].split(j, 2)
    s[conv].reorder(b, k_o, j, c, i, jj, d_j, d_i, ii, tile, c_i, k_i)
    for axis in (d_j, d_i, ii, jj):
        s[conv].unroll(axis)
    return k_o, tile


@autotvm.register_topi_schedule("conv2d_transpose_packed.vta")
def schedule_conv2d_transpose_packed(cfg, outs):
    """Schedules conv2d_transpose_packed and what lies behind it."""
    return schedule_convolution(cfg, outs, _TAG, _order_sums)


__getattr__ = getattr_of(__name__)

__all__ = ["conv2d_transpose_packed", "schedule_conv2d_transpose_packed"]
