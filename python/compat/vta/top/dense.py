# SPDX-License-Identifier: Apache-2.0
"""Fully connected layers."""
from __future__ import annotations

from tvm import autotvm, te, topi
from tvm._missing import getattr_of

from ..environment import get_env
from ._graph import Chain, only_output, virtual_thread


@autotvm.register_topi_compute("dense_packed.vta")
def dense_packed(cfg, data, weight, bias=None, out_dtype=None):
    """data (N, K, n, k) by the transpose of weight (O, K, o, k)."""
    if len(data.shape) != 4 or len(weight.shape) != 4:
        raise topi.InvalidShapeError("dense_packed takes packed tensors")
    batch, blocks, rows, lanes = topi.utils.get_const_tuple(data.shape)
    outputs, other_blocks, columns, other = topi.utils.get_const_tuple(
        weight.shape
    )
    if (blocks, lanes) != (other_blocks, other):
        raise topi.InvalidShapeError(
            f"data has {blocks} x {lanes} channels, weight"
            f" {other_blocks} x {other}"
        )
    k_o = te.reduce_axis((0, blocks), name="k_o")
    k_i = te.reduce_axis((0, lanes), name="k_i")
    cfg.add_flop(2 * batch * outputs * rows * columns * blocks * lanes)
    return te.compute(
        (batch, outputs, rows, columns),
        lambda b_o, c_o, b_i, c_i: te.sum(
            data[b_o, k_o, b_i, k_i].astype(out_dtype)
            * weight[c_o, k_o, c_i, k_i].astype(out_dtype),
            axis=[k_o, k_i],
        ),
        name="res",
        tag="dense_pack",
    )


@autotvm.register_topi_schedule("dense_packed.vta")
def schedule_dense_packed(cfg, outs):
    """Schedules dense_packed and the element-wise operations behind it."""
    output = only_output(outs)
    chain = Chain(output, "dense_pack")
    dense = chain.sums
    s = te.create_schedule(output.op)
    env = get_env()

    b, c_o, _, _ = s[dense].op.axis
    k_o, _ = s[dense].op.reduce_axis
    for name, axis in (("tile_b", b), ("tile_ci", k_o), ("tile_co", c_o)):
        cfg.define_split(name, axis, num_outputs=2)
    cfg.define_knob("oc_nthread", [1, 2])

    data, weight = dense.op.input_tensors
    data_copy = s.cache_read(data, env.inp_scope, [dense])
    weight_copy = s.cache_read(weight, env.wgt_scope, [dense])
    copies = chain.put_on_chip(s, env)

    b, c, _, _ = s[output].op.axis
    b_out, b_in = cfg["tile_b"].apply(s, output, b)
    c_out, c_in = cfg["tile_co"].apply(s, output, c)
    s[output].reorder(b_out, c_out, b_in, c_in)
    chain.compute_at(s, env, copies, c_out)
    virtual_thread(s, output, c_out, cfg["oc_nthread"].val, b_out)

    b, c, tile, _ = s[dense].op.axis
    k_o, _ = s[dense].op.reduce_axis
    s[dense].reorder(b, k_o, c)
    k_out, _ = cfg["tile_ci"].apply(s, dense, k_o)
    for copied in (data_copy, weight_copy):
        s[copied].compute_at(s[dense], k_out)
        s[copied].pragma(s[copied].op.axis[0], env.dma_copy)
    s[dense].tensorize(tile, env.gemm)
    s[output].pragma(c_in, env.dma_copy)
    return s


__getattr__ = getattr_of(__name__)

__all__ = ["dense_packed", "schedule_dense_packed"]
