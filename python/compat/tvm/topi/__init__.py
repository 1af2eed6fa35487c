# SPDX-License-Identifier: Apache-2.0
"""Operators on tensors that the accelerator's library uses."""
from __future__ import annotations

from .. import te
from .._missing import attribute_error
from .._objects import Tensor
from . import nn, tag, utils


class InvalidShapeError(ValueError):
    """Invalid shape for a topi function."""


def _broadcast_shape(a, b) -> list[int]:
    a, b = list(a), list(b)
    ndim = max(len(a), len(b))
    a, b = [1] * (ndim - len(a)) + a, [1] * (ndim - len(b)) + b
    shape = []
    for x, y in zip(a, b):
        if x != y and 1 not in (x, y):
            raise InvalidShapeError(f"shapes {a} and {b} do not fit")
        shape.append(max(x, y))
    return shape


def _element(tensor: Tensor, axes):
    shape = tensor.shape
    axes = axes[len(axes) - len(shape) :]
    if not shape:
        return tensor()
    return tensor(*(0 if e == 1 else i for e, i in zip(shape, axes)))


def _binary(name: str, operation, lhs, rhs):
    """An operation on tensors and expressions, element by element."""
    left, right = isinstance(lhs, Tensor), isinstance(rhs, Tensor)
    if not left and not right:
        return operation(lhs, rhs)
    if left and right:
        shape = _broadcast_shape(lhs.shape, rhs.shape)
        same = lhs.shape == rhs.shape
        marked = tag.BROADCAST

        def body(*ax):
            if same:
                return operation(lhs(*ax), rhs(*ax))
            return operation(_element(lhs, ax), _element(rhs, ax))

    else:
        shape = lhs.shape if left else rhs.shape
        marked = tag.ELEMWISE

        def body(*ax):
            return operation(
                lhs(*ax) if left else lhs, rhs(*ax) if right else rhs
            )

    return te._context().compute(shape, body, "T_" + name, marked)


def add(lhs, rhs):
    """The sum."""
    return _binary("add", lambda a, b: a + b, lhs, rhs)


def subtract(lhs, rhs):
    """The difference."""
    return _binary("subtract", lambda a, b: a - b, lhs, rhs)


def multiply(lhs, rhs):
    """The product."""
    return _binary("multiply", lambda a, b: a * b, lhs, rhs)


def maximum(lhs, rhs):
    """The larger one."""
    return _binary("maximum", te.max, lhs, rhs)


def minimum(lhs, rhs):
    """The smaller one."""
    return _binary("minimum", te.min, lhs, rhs)


def right_shift(lhs, rhs):
    """Shifted to the right; the sign stays."""
    return _binary("right_shift", lambda a, b: a >> b, lhs, rhs)


def left_shift(lhs, rhs):
    """Shifted to the left."""
    return _binary("left_shift", lambda a, b: a << b, lhs, rhs)


def cast(x, dtype, span=None):
    """The elements converted to another type."""
    if not isinstance(x, Tensor):
        return te._context().cast(str(dtype), x)
    return te.compute(
        x.shape, lambda *i: x(*i).astype(dtype), tag=tag.ELEMWISE
    )


@te.tag_scope(tag=tag.ELEMWISE)
def identity(x):
    """The same elements."""
    return te.compute(x.shape, lambda *i: x(*i))


@te.tag_scope(tag=tag.ELEMWISE)
def negative(x):
    """The elements with the other sign."""
    return te.compute(x.shape, lambda *i: -x(*i))


@te.tag_scope(tag=tag.ELEMWISE)
def clip(x, a_min, a_max):
    """The elements between two bounds, in one stage."""

    def body(*indices):
        value = x(*indices)
        low, high = (te.const(bound, value.dtype) for bound in (a_min, a_max))
        return te.max(te.min(value, high), low)

    return te.compute(x.shape, body)


def __getattr__(name: str):
    if name == "testing":
        import importlib

        return importlib.import_module(f"{__name__}.testing")
    raise attribute_error(__name__, name)


__all__ = [
    "InvalidShapeError",
    "add",
    "cast",
    "clip",
    "identity",
    "left_shift",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nn",
    "right_shift",
    "subtract",
    "tag",
    "utils",
]
