# SPDX-License-Identifier: Apache-2.0
"""What lies between an operator's sums and its output, and how the memories
of the accelerator are given to it.

An output is computed from the sums by element-wise operations, each of which
becomes one operation of the vector unit.  They may read further inputs (a
bias), which are copied to the accumulators, and constants without dimensions,
which are inlined.
"""
from __future__ import annotations

import tvm
from tvm import te, topi


class Chain:
    """The operations from the output down to the one that carries a tag."""

    def __init__(self, output, tag: str) -> None:
        self.output = output
        self.constants: list = []
        self.inputs: list = []  # (reader, tensor)
        self.operations: list = []
        found: list = []
        self._walk(output.op, tag, found)
        if len(found) != 1:
            raise ValueError(
                f"'{output.op.name}' reads {len(found)} results of operators"
                f" tagged '{tag}', expected one"
            )
        self.sums = found[0].output(0)

    def _walk(self, op, tag: str, found: list) -> None:
        if not topi.tag.is_broadcast(op.tag):
            if op.tag != tag:
                raise ValueError(
                    f"operator '{op.name}' has the tag '{op.tag}',"
                    f" expected '{tag}'"
                )
            found.append(op)
            return
        if op != self.output.op:
            (self.operations if op.axis else self.constants).append(op)
        for tensor in op.input_tensors:
            if isinstance(tensor.op, tvm.te.PlaceholderOp):
                self.inputs.append((op, tensor))
            else:
                self._walk(tensor.op, tag, found)

    def put_on_chip(self, s, env) -> list:
        """Gives each part its memory and unit; the copies of inputs."""
        s[self.sums].set_scope(env.acc_scope)
        copies = [
            s.cache_read(tensor, env.acc_scope, [reader])
            for reader, tensor in self.inputs
        ]
        for op in self.operations:
            s[op].set_scope(env.acc_scope)
            s[op].pragma(s[op].op.axis[0], env.alu)
        for op in self.constants:
            s[op].compute_inline()
        return copies

    def compute_at(self, s, env, copies: list, axis) -> None:
        """Computes all of it inside a loop of the output."""
        s[self.sums].compute_at(s[self.output], axis)
        for op in self.operations:
            s[op].compute_at(s[self.output], axis)
        for copied in copies:
            s[copied].compute_at(s[self.output], axis)
            s[copied].pragma(s[copied].op.axis[0], env.dma_copy)


def only_output(outs):
    """The one output, which must come of integers."""
    outs = [outs] if isinstance(outs, te.Tensor) else list(outs)
    if len(outs) != 1:
        raise ValueError(f"the operator has one output, not {len(outs)}")
    inputs = outs[0].op.input_tensors
    if not inputs or "int" not in inputs[0].dtype:
        raise ValueError(
            f"output '{outs[0].op.name}' must be computed from integers"
        )
    return outs[0]


def virtual_thread(s, output, axis, count: int, first) -> None:
    """Divides a loop among virtual threads, which go outermost."""
    if count > 1:
        _, thread = s[output].split(axis, factor=count)
        s[output].reorder(thread, first)
        s[output].bind(thread, te.thread_axis("cthread"))
