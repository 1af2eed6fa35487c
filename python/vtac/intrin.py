# SPDX-License-Identifier: Apache-2.0
"""Tensor intrinsics: what a piece of hardware computes, and by which
statements.

An intrinsic is a pattern (a compute over placeholders), a buffer for each
tensor of the pattern, and statements over those buffers::

    def body(inputs, output):
        a, b = inputs
        return vtac.evaluate(vtac.call(...))

    intrin = vtac.intrinsic("NAME", pattern, {a: buffer, ...}, body)
    s[c].tensorize(axis, intrin)
"""
from __future__ import annotations

import ctypes

from . import _table
from ._library import (
    BufferParams,
    IntrinParams,
    integers,
    lib,
    pointers,
    text,
)
from .errors import InvalidError
from .expr import Expr, _context_of
from .node import Node
from .tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Union

    from .context import Context
    from .expr import ExprLike

    Body = Union["Stmt", tuple["Stmt", "Stmt", "Stmt"]]


class Handle:
    """Something of a context that can only be passed on."""

    def __init__(self, context: Context, handle: int) -> None:
        self._context = context
        self._handle = handle


class Stmt(Node, Handle):
    """A statement."""

    _family = "stmt"

    @property
    def stmts(self) -> list[Stmt]:
        """The statements that stand directly in it, in the order of
        ``vtac/pass.h``."""
        context = self._context
        return [
            context._keep(context.stmt_class(context, handle))
            for handle in self._handles("stmt_stmts")
        ]

    @property
    def dtype(self) -> str:
        """The type of the elements that are stored or allocated, or the
        empty text."""
        return text(lib.stmt_dtype(self._handle))

    def rebuilt(self, exprs: Sequence[Expr], stmts: Sequence[Stmt]) -> Stmt:
        """The same with other expressions and statements in it, as many."""
        context = self._context
        own = pointers(context.expr(expr)._handle for expr in exprs)
        parts = pointers(context._own(stmt) for stmt in stmts)
        return context._stmt(
            "stmt_with", self._handle, len(exprs), own, len(stmts), parts
        )

    def __str__(self) -> str:
        return self._context._text("stmt_text", self._handle)

    def __repr__(self) -> str:
        return f"<statement {self}>"

    def _repr_html_(self) -> str:
        return _table.code(str(self))


class Buffer(Handle):
    """A view of memory that an intrinsic works on."""

    def __init__(
        self, context: Context, handle: int, name: str, dtype: str
    ) -> None:
        super().__init__(context, handle)
        self.name = name
        self.dtype = dtype

    def access_ptr(
        self,
        mask: str,
        dtype: str = "handle",
        offset: ExprLike | None = None,
    ) -> Expr:
        """Its address, for a call that reads (``"r"``) or writes (``"w"``)."""
        bits = {"r": 1, "w": 2, "rw": 3, "wr": 3}.get(mask)
        if bits is None:
            raise InvalidError(
                f"access mask {mask!r} is none of 'r', 'w' and 'rw'",
                "argument",
            )
        context = self._context
        moved = None if offset is None else context.expr(offset)._handle
        return context._expr(
            "buffer_access", self._handle, bits, dtype.encode(), moved
        )

    def __repr__(self) -> str:
        return f"<buffer {self.name}: {self.dtype}>"


class Intrin(Handle):
    """A tensor intrinsic."""

    def __init__(self, context: Context, handle: int, name: str) -> None:
        super().__init__(context, handle)
        self.name = name

    def __repr__(self) -> str:
        return f"<intrinsic {self.name}>"


def _current() -> Context:
    from .context import current

    return current()


def decl_buffer(
    shape: Sequence[int],
    dtype: str = "float32",
    name: str = "buffer",
    scope: str = "global",
    *,
    strides: Sequence[int] | None = None,
    offset_factor: int = 0,
    alignment: int = 0,
    context: Context | None = None,
) -> Buffer:
    """A buffer of which an intrinsic sees a window."""
    from .context import shape_of

    context = context or _current()
    extents = shape_of(shape)
    shape_array = integers(extents)
    strides_array = integers(strides) if strides else None
    params = BufferParams(
        name=name.encode(),
        dtype=str(dtype).encode(),
        scope=scope.encode(),
        ndim=len(extents),
        shape=ctypes.addressof(shape_array),
        strides=ctypes.addressof(strides_array) if strides_array else None,
        offset_factor=offset_factor,
        alignment=alignment,
    )
    handle = context._call("buffer_declare", ctypes.byref(params))
    return context._keep(Buffer(context, handle, name, str(dtype)))


def call(dtype: str, operation: str, *args: ExprLike) -> Expr:
    """A call of an operator of the IR by its printed name, such as
    ``"tir.vta.uop_push"``."""
    return _context_of(*args).call(dtype, operation, *args)


def call_extern(dtype: str, function: str, *args: ExprLike) -> Expr:
    """A call of a function outside the module."""
    return _context_of(*args).call_extern(dtype, function, *args)


def evaluate(value: ExprLike) -> Stmt:
    """The statement that computes the value for its effects."""
    context = _context_of(value)
    return context._stmt("evaluate", context.expr(value)._handle)


def sequence(*stmts: Stmt) -> Stmt:
    """The statements one after another."""
    context = _context_of(*stmts)
    handles = pointers(context._own(stmt) for stmt in stmts)
    return context._stmt("sequence", len(stmts), handles)


def unit_scope(unit: int, body: Stmt) -> Stmt:
    """Marks work of a unit: 1 load, 2 compute, 3 store."""
    context = body._context
    return context._stmt("unit_scope", unit, body._handle)


def kernel_scope(body: Stmt) -> Stmt:
    """Marks a micro-op kernel of the matrix unit."""
    context = body._context
    return context._stmt("kernel_scope", body._handle)


def intrinsic(
    name: str,
    pattern: Tensor,
    buffers: Mapping[Tensor, Buffer],
    body: Callable[[list[Buffer], Buffer], Body],
) -> Intrin:
    """An intrinsic that computes ``pattern``.

    ``buffers`` maps the pattern and each of its inputs to its view of memory.
    ``body(inputs, output)`` returns the statement for the whole computation,
    or three: the whole, setting the output to zero, and one accumulation.
    """
    context = pattern._context
    missing = [t for t in (*pattern.inputs, pattern) if t not in buffers]
    if missing:
        raise InvalidError(
            f"intrinsic '{name}': tensor '{missing[0].name}' has no buffer",
            "argument",
        )
    inputs = [buffers[tensor] for tensor in pattern.inputs]
    output = buffers[pattern]
    made = body(inputs, output)
    parts = (
        list(made) if isinstance(made, (list, tuple)) else [made, None, None]
    )
    if len(parts) != 3 or not isinstance(parts[0], Stmt):
        raise InvalidError(
            f"intrinsic '{name}': the body must return a statement, or three",
            "argument",
        )
    handles = pointers(context._own(buffer) for buffer in inputs)
    params = IntrinParams(
        name=name.encode(),
        pattern=pattern._handle,
        ninputs=len(inputs),
        inputs=ctypes.addressof(handles),
        output=context._own(output),
        body=context._own(parts[0]),
        reset=None if parts[1] is None else context._own(parts[1]),
        update=None if parts[2] is None else context._own(parts[2]),
    )
    return Intrin(
        context, context._call("intrin_new", ctypes.byref(params)), name
    )


def gemm_intrinsic(
    context: Context | None = None, *, mock: bool = False
) -> Intrin:
    """The accelerator's matrix multiply of one tile; ``mock`` makes it do
    nothing, to time all else."""
    context = context or _current()
    function = "intrin_gemm_mock" if mock else "intrin_gemm"
    return Intrin(context, context._call(function), "GEMM")
