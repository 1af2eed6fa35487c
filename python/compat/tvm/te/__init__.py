# SPDX-License-Identifier: Apache-2.0
"""Tensor expressions and schedules."""
from __future__ import annotations

import functools

from vtac.errors import InvalidError
from vtac.expr import (
    all,
    any,
    floordiv,
    floormod,
    if_then_else,
    max,
    min,
    sum,
    truncdiv,
    truncmod,
)

from .._core import context as _context
from .._missing import getattr_of
from .._objects import (
    BaseComputeOp,
    ComputeOp,
    IterVar,
    Operation,
    PlaceholderOp,
    PrimExpr,
    Schedule,
    Stage,
    Tensor,
    TensorSlice,
    as_tensor,
)

indexdiv = floordiv
indexmod = floormod


def placeholder(shape, dtype=None, name="placeholder") -> Tensor:
    """An input."""
    return _context().placeholder(shape, dtype or "float32", name)


def compute(shape, fcompute, name="compute", tag="", attrs=None) -> Tensor:
    """The tensor whose element at (i, j, …) is ``fcompute(i, j, …)``."""
    current = TagScope.current
    if current is not None:
        if tag:
            raise ValueError("nested tag is not allowed for now")
        tag = current.tag
    return _context().compute(shape, fcompute, name, tag)


def reduce_axis(dom, name="rv", thread_tag="", span=None) -> IterVar:
    """An axis to reduce over."""
    if hasattr(dom, "extent"):
        dom = (int(dom.min), int(dom.min) + int(dom.extent))
    return _context().reduce_axis(dom, name)


def thread_axis(dom=None, tag="", name="", span=None) -> IterVar:
    """An axis to bind others to."""
    if isinstance(dom, str):
        tag = dom
    if not tag:
        raise ValueError("tag must be given as Positional or keyword argument")
    return _context().thread_axis(tag, name or tag)


def const(value, dtype="int32", span=None) -> PrimExpr:
    """A constant of any type."""
    if dtype is None:
        dtype = "int32" if isinstance(value, int) else "float32"
    return _context().const(value, str(dtype))


def create_schedule(ops) -> Schedule:
    """The untouched schedule of some operations."""
    if not isinstance(ops, (list, tuple)):
        ops = [ops]
    tensors = [as_tensor(op) for op in ops]
    if not tensors or not isinstance(tensors[0], Tensor):
        raise InvalidError("create_schedule takes operations", "argument")
    return tensors[0]._context.schedule(tensors)


class TagScope:
    """Gives a tag to all computes inside: a context or a decorator."""

    current = None

    def __init__(self, tag) -> None:
        self.tag = tag

    def __enter__(self):
        if TagScope.current is not None:
            raise ValueError("nested tag_scope is not allowed for now")
        TagScope.current = self
        return self

    def __exit__(self, *exception) -> None:
        TagScope.current = None

    def __call__(self, function):
        @functools.wraps(function)
        def tagged(*args, **kwargs):
            with TagScope(self.tag):
                return function(*args, **kwargs)

        return tagged


def tag_scope(tag) -> TagScope:
    """Gives a tag to all computes inside."""
    return TagScope(tag)


def decl_tensor_intrin(
    op,
    fcompute,
    name="tensor_intrin",
    binds=None,
    scalar_params=None,
    default_buffer_params=None,
):
    """Declares what a piece of hardware computes."""
    from vtac.intrin import intrinsic

    from ..tir import decl_buffer

    pattern = as_tensor(op)
    options = default_buffer_params or {}
    buffers = dict(binds or {})
    for tensor in (*pattern.inputs, pattern):
        if tensor not in buffers:
            buffers[tensor] = decl_buffer(
                tensor.shape, tensor.dtype, tensor.name, **options
            )

    def body(inputs, output):
        return fcompute(list(inputs), [output])

    return intrinsic(name, pattern, buffers, body)


from . import schedule, tensor  # noqa: E402

__getattr__ = getattr_of(__name__)

__all__ = [
    "BaseComputeOp",
    "ComputeOp",
    "IterVar",
    "Operation",
    "PlaceholderOp",
    "PrimExpr",
    "Schedule",
    "Stage",
    "Tensor",
    "TensorSlice",
    "all",
    "any",
    "compute",
    "const",
    "create_schedule",
    "decl_tensor_intrin",
    "floordiv",
    "floormod",
    "if_then_else",
    "indexdiv",
    "indexmod",
    "max",
    "min",
    "placeholder",
    "reduce_axis",
    "schedule",
    "sum",
    "tag_scope",
    "tensor",
    "thread_axis",
    "truncdiv",
    "truncmod",
]
