# SPDX-License-Identifier: Apache-2.0
"""Scalar expressions and the axes they range over.

Expressions are built with Python's operators.  Integers become ``int32``
constants (``int64`` where 32 bits don't hold them), floats ``float32``.
"""
from __future__ import annotations

import builtins
import ctypes

from ._library import lib, pointers, text
from .errors import InvalidError
from .node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Union

    from .context import Context
    from .tensor import Tensor

    ExprLike = Union["Expr", "Axis", "Tensor", int, float, bool]


class Operators:
    """Python's operators, for whatever can be made an expression."""

    __slots__ = ()
    _context: Context

    def _binary(self, name: str, other, swapped: bool = False):
        context = self._context
        try:
            a, b = context.expr(self), context.expr(other)
        except _NotAnExpression:
            return NotImplemented
        if swapped:
            a, b = b, a
        return context._binary(name, a, b)

    def __add__(self, other: ExprLike) -> Expr:
        return self._binary("add", other)

    def __radd__(self, other: ExprLike) -> Expr:
        return self._binary("add", other, True)

    def __sub__(self, other: ExprLike) -> Expr:
        return self._binary("sub", other)

    def __rsub__(self, other: ExprLike) -> Expr:
        return self._binary("sub", other, True)

    def __mul__(self, other: ExprLike) -> Expr:
        return self._binary("mul", other)

    def __rmul__(self, other: ExprLike) -> Expr:
        return self._binary("mul", other, True)

    def __floordiv__(self, other: ExprLike) -> Expr:
        return self._binary("floordiv", other)

    def __rfloordiv__(self, other: ExprLike) -> Expr:
        return self._binary("floordiv", other, True)

    def __mod__(self, other: ExprLike) -> Expr:
        return self._binary("floormod", other)

    def __rmod__(self, other: ExprLike) -> Expr:
        return self._binary("floormod", other, True)

    def __truediv__(self, other: ExprLike) -> Expr:
        return self._true_division(other, False)

    def __rtruediv__(self, other: ExprLike) -> Expr:
        return self._true_division(other, True)

    def _true_division(self, other, swapped: bool):
        try:
            operands = self._context.expr(self), self._context.expr(other)
        except _NotAnExpression:
            return NotImplemented
        if not builtins.any(e.dtype.startswith("float") for e in operands):
            raise InvalidError(
                "'/' of integers could mean two things",
                "argument",
                "use '//', which rounds down, or vtac.truncdiv",
            )
        return self._binary("truncdiv", other, swapped)

    def __rshift__(self, other: ExprLike) -> Expr:
        return self._binary("shift_right", other)

    def __rrshift__(self, other: ExprLike) -> Expr:
        return self._binary("shift_right", other, True)

    def __lshift__(self, other: ExprLike) -> Expr:
        return self._binary("shift_left", other)

    def __rlshift__(self, other: ExprLike) -> Expr:
        return self._binary("shift_left", other, True)

    def __and__(self, other: ExprLike) -> Expr:
        return self._binary("bitwise_and", other)

    def __rand__(self, other: ExprLike) -> Expr:
        return self._binary("bitwise_and", other, True)

    def __or__(self, other: ExprLike) -> Expr:
        return self._binary("bitwise_or", other)

    def __ror__(self, other: ExprLike) -> Expr:
        return self._binary("bitwise_or", other, True)

    def __xor__(self, other: ExprLike) -> Expr:
        return self._binary("bitwise_xor", other)

    def __rxor__(self, other: ExprLike) -> Expr:
        return self._binary("bitwise_xor", other, True)

    def __lt__(self, other: ExprLike) -> Expr:
        return self._binary("less", other)

    def __le__(self, other: ExprLike) -> Expr:
        return self._binary("less_equal", other)

    def __gt__(self, other: ExprLike) -> Expr:
        return self._binary("greater", other)

    def __ge__(self, other: ExprLike) -> Expr:
        return self._binary("greater_equal", other)

    def __neg__(self) -> Expr:
        context = self._context
        return context._expr("negate", context.expr(self)._handle)

    def __pos__(self) -> Expr:
        return self._context.expr(self)

    def __invert__(self) -> Expr:
        context = self._context
        a = context.expr(self)
        if a.dtype == "bool":
            return context._expr("not", a._handle)
        return context.call(a.dtype, "tir.bitwise_not", a)

    def astype(self, dtype: str) -> Expr:
        """The value converted to another type."""
        return self._context.cast(dtype, self)

    def __iter__(self):
        raise TypeError(f"{type(self).__name__} is one value, not several")


class Expr(Operators, Node):
    """A scalar expression."""

    __slots__ = ("_context", "_handle")
    _family = "expr"

    def __init__(self, context: Context, handle: int) -> None:
        self._context = context
        self._handle = handle

    @property
    def dtype(self) -> str:
        """The type of the value: ``"int32"``, ``"bool"``, …"""
        return text(lib.expr_dtype(self._handle))

    @property
    def constant(self) -> int | None:
        """The value of an integer or boolean constant, else None."""
        value = ctypes.c_int64()
        if lib.expr_int(self._handle, ctypes.byref(value)):
            return value.value
        return None

    @property
    def real(self) -> float | None:
        """The value of a floating-point constant, else None."""
        value = ctypes.c_double()
        if lib.expr_float(self._handle, ctypes.byref(value)):
            return value.value
        return None

    @property
    def lanes(self) -> int:
        """The number of values: 1 unless it is a vector."""
        return lib.expr_lanes(self._handle)

    def rebuilt(self, exprs: Sequence[ExprLike]) -> Expr:
        """The same with other expressions in it, as many."""
        context = self._context
        own = pointers(context.expr(expr)._handle for expr in exprs)
        return context._expr("expr_with", self._handle, len(exprs), own)

    def same(self, other: Expr) -> bool:
        """Whether it is the same expression; variables are the same as
        themselves only."""
        return bool(lib.expr_same(self._handle, other._handle))

    def __eq__(self, other: ExprLike) -> Expr:  # type: ignore[override]
        return self._binary("equal", other)

    def __ne__(self, other: ExprLike) -> Expr:  # type: ignore[override]
        return self._binary("not_equal", other)

    def __hash__(self) -> int:
        return hash(self._handle)

    def __bool__(self) -> bool:
        value = self.constant
        if value is None:
            raise TypeError(
                f"whether {self} holds is not known while the expression is"
                " built; use vtac.select, vtac.if_then_else, vtac.all or"
                " vtac.any"
            )
        return bool(value)

    def __int__(self) -> int:
        value = self.constant
        if value is None:
            raise TypeError(f"{self} is no integer constant")
        return value

    __index__ = __int__

    def __str__(self) -> str:
        return self._context._text("expr_text", self._handle)

    def __repr__(self) -> str:
        return f"<{self.dtype} {self}>"

    def _repr_html_(self) -> str:
        from . import _table

        return _table.code(str(self))


class Axis(Operators):
    """An iteration variable: a dimension of a tensor, or a loop."""

    __slots__ = ("_context", "_handle")

    def __init__(self, context: Context, handle: int) -> None:
        self._context = context
        self._handle = handle

    @property
    def name(self) -> str:
        """Its name, as dumps show it."""
        return text(lib.iter_name(self._handle))

    @property
    def kind(self) -> str:
        """What it iterates over: ``"DataPar"``, ``"CommReduce"``, …"""
        return text(lib.iter_type(self._handle))

    @property
    def tag(self) -> str:
        """The tag of a thread axis, else the empty text."""
        return text(lib.iter_tag(self._handle))

    @property
    def range(self) -> range | None:
        """The values it takes, if they are known."""
        low, extent = ctypes.c_int64(), ctypes.c_int64()
        if lib.iter_range(
            self._handle, ctypes.byref(low), ctypes.byref(extent)
        ):
            return range(low.value, low.value + extent.value)
        known = self._context._extents.get(self._handle)
        return None if known is None else range(known)

    @property
    def extent(self) -> int | None:
        """The number of values it takes, if that is known."""
        values = self.range
        return None if values is None else len(values)

    @property
    def dtype(self) -> str:
        """The type of its value."""
        return self._context.expr(self).dtype

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Axis):
            return self._handle == other._handle
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._handle)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        known = self.extent
        size = "" if known is None else f", {known}"
        return f"Axis({self.name!r}{size}, {self.kind})"


class _NotAnExpression(InvalidError, TypeError):
    pass


def not_an_expression(value) -> InvalidError:
    """The error for a value that no expression can be made of."""
    return _NotAnExpression(
        f"cannot make an expression of {value!r}",
        "argument",
        "use numbers, axes and elements of tensors; a whole tensor is read"
        " at indices, t[i, j]",
    )


# ---- Functions --------------------------------------------------------------


def _context_of(*values) -> Context:
    from .context import current

    for value in values:
        if isinstance(value, (list, tuple)):
            for part in value:
                if hasattr(part, "_context"):
                    return part._context
        elif hasattr(value, "_context"):
            return value._context
    return current()


def const(value: int | float, dtype: str = "int32") -> Expr:
    """A constant of any type."""
    return _context_of().const(value, dtype)


def cast(dtype: str, value: ExprLike) -> Expr:
    """The value converted to another type."""
    return _context_of(value).cast(dtype, value)


def select(condition: ExprLike, if_true: ExprLike, if_false: ExprLike) -> Expr:
    """One of two values; both may be computed."""
    context = _context_of(condition, if_true, if_false)
    return context._choice("select", condition, if_true, if_false)


def if_then_else(
    condition: ExprLike, if_true: ExprLike, if_false: ExprLike
) -> Expr:
    """One of two values; only that one is computed."""
    context = _context_of(condition, if_true, if_false)
    return context._choice("if_then_else", condition, if_true, if_false)


def truncdiv(a: ExprLike, b: ExprLike) -> Expr:
    """The quotient, rounded towards zero."""
    return _context_of(a, b)._binary("truncdiv", a, b)


def truncmod(a: ExprLike, b: ExprLike) -> Expr:
    """The remainder of :func:`truncdiv`."""
    return _context_of(a, b)._binary("truncmod", a, b)


def floordiv(a: ExprLike, b: ExprLike) -> Expr:
    """The quotient, rounded down: ``a // b``."""
    return _context_of(a, b)._binary("floordiv", a, b)


def floormod(a: ExprLike, b: ExprLike) -> Expr:
    """The remainder of :func:`floordiv`: ``a % b``."""
    return _context_of(a, b)._binary("floormod", a, b)


def _fold(name: str, values) -> Expr:
    context = _context_of(*values)
    if not values:
        raise InvalidError(f"vtac.{name} needs at least one operand")
    result = context.expr(values[0])
    for value in values[1:]:
        result = context._binary(name, result, value)
    return result


def all(*conditions: ExprLike) -> Expr:
    """Whether all conditions hold."""
    return _fold("and", conditions)


def any(*conditions: ExprLike) -> Expr:
    """Whether one of the conditions holds."""
    return _fold("or", conditions)


def _is_axes(value) -> bool:
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and builtins.all(
            isinstance(v, Axis) and v.kind == "CommReduce" for v in value
        )
    return isinstance(value, Axis) and value.kind == "CommReduce"


def _reduce(name: str, source: ExprLike, axis) -> Expr:
    context = _context_of(source)
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    for one in axes:
        if not isinstance(one, Axis):
            raise InvalidError(
                f"{one!r} is no axis to reduce over",
                "argument",
                "make one with vtac.reduce_axis",
            )
    handles = pointers(context._own(one) for one in axes)
    return context._expr(
        name, context.expr(source)._handle, len(axes), handles
    )


def sum(source: ExprLike, axis: Axis | list[Axis]) -> Expr:
    """The sum over reduction axes; only as the whole body of a compute."""
    return _reduce("sum", source, axis)


def max(a: ExprLike, *others: ExprLike, axis=None) -> Expr:
    """The largest operand, or the largest value over reduction axes."""
    if axis is None and len(others) == 1 and _is_axes(others[0]):
        axis, others = others[0], ()
    if axis is not None:
        return _reduce("max_over", a, axis)
    return _fold("max", (a, *others))


def min(a: ExprLike, *others: ExprLike, axis=None) -> Expr:
    """The smallest operand, or the smallest value over reduction axes."""
    if axis is None and len(others) == 1 and _is_axes(others[0]):
        axis, others = others[0], ()
    if axis is not None:
        return _reduce("min_over", a, axis)
    return _fold("min", (a, *others))


__all__ = [
    "Axis",
    "Expr",
    "all",
    "any",
    "cast",
    "const",
    "floordiv",
    "floormod",
    "if_then_else",
    "max",
    "min",
    "select",
    "sum",
    "truncdiv",
    "truncmod",
]
