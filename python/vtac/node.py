# SPDX-License-Identifier: Apache-2.0
"""Nodes: what statements and expressions of a lowered function are made of.

Nodes never change; a pass builds new ones and shares what stays.  Their kinds
are those of ``docs/ir-text.md``.
"""
from __future__ import annotations

import ctypes

from ._library import lib, pointers, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Union

    from .context import Context
    from .expr import Expr, ExprLike
    from .intrin import Buffer, Stmt

    AnyNode = Union[Expr, Stmt]


class Node:
    """What expressions and statements have in common."""

    __slots__ = ()
    _family = ""
    _context: Context
    _handle: int

    def _ask(self, what: str) -> int:
        return getattr(lib, f"{self._family}_{what}")(self._handle)

    def _handles(self, function: str) -> list[int]:
        found = ctypes.POINTER(ctypes.c_void_p)()
        n = self._context._call(function, self._handle, ctypes.byref(found))
        return found[:n]

    @property
    def node_kind(self) -> str:
        """``"for"``, ``"store"``, …; ``"add"``, ``"call"``, …"""
        return text(self._ask("kind"))

    @property
    def label(self) -> str:
        """What it says besides: an attribute's key, a loop's kind, the name
        of a buffer or variable, a call's operator, …"""
        return text(self._ask("label"))

    @property
    def exprs(self) -> list[Expr]:
        """The expressions that stand directly in it, in the order of
        ``vtac/pass.h``."""
        context = self._context
        return [
            context._node(handle)
            for handle in self._handles(f"{self._family}_exprs")
        ]

    @property
    def variable(self) -> Expr | None:
        """The variable it defines, is about, or reaches memory through."""
        return self._context._node(self._ask("var"))

    @property
    def accessed(self) -> Buffer | None:
        """The buffer that a load, a store or a realization accesses."""
        from .intrin import Buffer

        handle = self._ask("buffer")
        if not handle:
            return None
        name, dtype = lib.buffer_name(handle), lib.buffer_dtype(handle)
        context = self._context
        return context._keep(Buffer(context, handle, text(name), text(dtype)))

    def substitute(self, values: Mapping[Expr, ExprLike]):
        """The same with values in the place of variables."""
        context = self._context
        pairs = [(context._own(k), context.expr(v)) for k, v in values.items()]
        make = context._stmt if self._family == "stmt" else context._expr
        return make(
            f"{self._family}_substitute",
            self._handle,
            len(pairs),
            pointers(var for var, _ in pairs),
            pointers(value._handle for _, value in pairs),
        )


def walk(node: AnyNode) -> Iterator[AnyNode]:
    """The node and all in it, each after its parts."""
    for expr in node.exprs:
        yield from walk(expr)
    for stmt in getattr(node, "stmts", ()):
        yield from walk(stmt)
    yield node


def transform(
    node: AnyNode, function: Callable[[AnyNode], AnyNode | None]
) -> AnyNode:
    """The node with ``function(part)`` in the place of every part for which
    that is not None, from the inside outwards, and of itself."""
    exprs = [transform(expr, function) for expr in node.exprs]
    if node._family == "expr":
        made = node.rebuilt(exprs) if exprs else node
    else:
        stmts = [transform(stmt, function) for stmt in node.stmts]
        made = node.rebuilt(exprs, stmts)
    result = function(made)
    return made if result is None else result


# ---- Building ---------------------------------------------------------------


def _context() -> Context:
    from .context import current

    return current()


def var(name: str, dtype: str = "int32") -> Expr:
    """A new variable, to be defined by one statement."""
    return _context()._expr("var", name.encode(), dtype.encode())


def load(buffer: Buffer, *indices: ExprLike) -> Expr:
    """An element of a buffer."""
    context = buffer._context
    own = pointers(context.expr(index)._handle for index in indices)
    return context._expr("load", buffer._handle, len(indices), own)


def store(buffer: Buffer, value: ExprLike, *indices: ExprLike) -> Stmt:
    """Writes an element of a buffer."""
    context = buffer._context
    own = pointers(context.expr(index)._handle for index in indices)
    return context._stmt(
        "store",
        buffer._handle,
        context.expr(value)._handle,
        len(indices),
        own,
    )


def loop(
    variable: Expr,
    low: ExprLike,
    extent: ExprLike,
    body: Stmt,
    kind: str = "serial",
) -> Stmt:
    """Runs ``body`` for ``extent`` values of the variable, from ``low`` on."""
    context = body._context
    return context._stmt(
        "for",
        kind.encode(),
        context._own(variable),
        context.expr(low)._handle,
        context.expr(extent)._handle,
        context._own(body),
    )


def branch(
    condition: ExprLike, then_part: Stmt, else_part: Stmt | None = None
) -> Stmt:
    """One of two statements, or one that may be left out."""
    context = then_part._context
    other = None if else_part is None else context._own(else_part)
    return context._stmt(
        "if", context.expr(condition)._handle, context._own(then_part), other
    )


def let(variable: Expr, value: ExprLike, body: Stmt) -> Stmt:
    """Runs ``body`` with the variable set."""
    context = body._context
    return context._stmt(
        "let",
        context._own(variable),
        context.expr(value)._handle,
        context._own(body),
    )


def attr(variable: Expr, key: str, value: ExprLike, body: Stmt) -> Stmt:
    """Says something about a variable, for passes that look for it."""
    context = body._context
    return context._stmt(
        "attr",
        context._own(variable),
        key.encode(),
        context.expr(value)._handle,
        context._own(body),
    )


def allocate(buffer: Buffer, body: Stmt) -> Stmt:
    """Memory for a flat buffer of :func:`vtac.decl_buffer`."""
    context = body._context
    return context._stmt("allocate", buffer._handle, context._own(body))


def check(condition: ExprLike, message: str, body: Stmt) -> Stmt:
    """Running fails with the message if the condition does not hold."""
    context = body._context
    return context._stmt(
        "assert",
        context.expr(condition)._handle,
        message.encode(),
        context._own(body),
    )


__all__ = [
    "Node",
    "allocate",
    "attr",
    "branch",
    "check",
    "let",
    "load",
    "loop",
    "store",
    "transform",
    "var",
    "walk",
]
