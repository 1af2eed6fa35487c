# SPDX-License-Identifier: Apache-2.0
"""Element-wise operators on the vector unit."""
from __future__ import annotations

import tvm
from tvm import autotvm, te, topi
from tvm._missing import getattr_of

from ..environment import get_env


@autotvm.register_topi_compute("add.vta")
def add_packed(cfg, lhs, rhs):
    """The sum of two tensors."""
    return topi.add(lhs, rhs)


@autotvm.register_topi_compute("multiply.vta")
def multiply_packed(cfg, lhs, rhs):
    """The product of two tensors."""
    return topi.multiply(lhs, rhs)


class _Parts:
    """What an output is computed from: operations of the vector unit, and
    inputs, which casts of inputs count as."""

    def __init__(self, output) -> None:
        self.output = output
        self.constants: list = []
        self.inputs: list = []  # (reader, tensor)
        self.operations: list = []
        self._walk(output.op)

    def _is_input(self, tensor) -> bool:
        op = tensor.op
        if isinstance(op, tvm.te.PlaceholderOp):
            return True
        return op.name == "T_cast" and op != self.output.op

    def _walk(self, op) -> None:
        broadcast = topi.tag.is_broadcast(op.tag)
        if broadcast and op != self.output.op:
            if not op.axis:
                self.constants.append(op)
            elif op.name != "T_cast":
                self.operations.append(op)
        for tensor in op.input_tensors:
            if not self._is_input(tensor):
                self._walk(tensor.op)
            elif broadcast:
                self.inputs.append((op, tensor))


@autotvm.register_topi_schedule("alu_packed.vta")
def schedule_alu_packed(cfg, outs):
    """Schedules element-wise operators; what is no packed tensor of integers
    stays with the processor."""
    outs = [outs] if isinstance(outs, te.Tensor) else list(outs)
    output = outs[0]
    env = get_env()
    s = te.create_schedule([out.op for out in outs])
    te.schedule.AutoInlineInjective(s)
    if "int" not in output.dtype or len(output.shape) != 6:
        return s
    if env.TARGET not in ("sim", "tsim", "intelfocl"):
        return s
    parts = _Parts(output)
    if any(tensor.dtype == "float32" for _, tensor in parts.inputs):
        return s

    b, c, i, j, b_i, c_i = s[output].op.axis
    for name, axis in (("tile_co", c), ("tile_h", i), ("tile_w", j)):
        cfg.define_split(name, axis, num_outputs=2)
    c_out, c_in = cfg["tile_co"].apply(s, output, c)
    i_out, i_in = cfg["tile_h"].apply(s, output, i)
    j_out, j_in = cfg["tile_w"].apply(s, output, j)
    s[output].reorder(b, i_out, c_out, j_out, c_in, i_in, j_in, b_i, c_i)

    for op in parts.operations:
        s[op].set_scope(env.acc_scope)
        s[op].pragma(s[op].op.axis[0], env.alu)
        s[op].compute_at(s[output], j_out)
    copies = [
        s.cache_read(tensor, env.acc_scope, [reader])
        for reader, tensor in parts.inputs
    ]
    for copied in copies:
        if s[copied].op.axis:
            s[copied].pragma(s[copied].op.axis[0], env.dma_copy)
        s[copied].compute_at(s[output], j_out)
    for op in parts.constants:
        s[op].compute_inline()
    s[output].pragma(c_in, env.dma_copy)
    return s


schedule_add_packed = schedule_alu_packed
schedule_multiply_packed = schedule_alu_packed

__getattr__ = getattr_of(__name__)

__all__ = [
    "add_packed",
    "multiply_packed",
    "schedule_add_packed",
    "schedule_alu_packed",
    "schedule_multiply_packed",
]
