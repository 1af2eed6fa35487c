# SPDX-License-Identifier: Apache-2.0
"""The nodes of lowered functions under the reference's names.

``isinstance(node, tir.For)`` asks for the kind of a node, ``tir.For(...)``
makes one, and a node has the members of its kind: ``loop.loop_var``.
"""
from __future__ import annotations

import enum

from vtac import node as _node
from vtac.intrin import Stmt as _Stmt
from vtac.node import Node

from .. import _core


class ForKind(enum.IntEnum):
    """How the steps of a loop are run."""

    SERIAL = 0
    PARALLEL = 1
    VECTORIZED = 2
    UNROLLED = 3


class Op:
    """An operator that is called by name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def same_as(self, other) -> bool:
        """Whether it is the same operator."""
        return self == other

    def __eq__(self, other: object) -> bool:
        return self.name == getattr(other, "name", other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Op({self.name})"

    @staticmethod
    def get(name: str) -> Op:
        """The operator of that name."""
        return Op(name)


def _expr(index: int):
    return lambda node: node.exprs[index]


def _stmt(index: int):
    def part(node):
        parts = node.stmts
        return parts[index] if index < len(parts) else None

    return part


def _label(node):
    return node.label


def _variable(node):
    return node.variable


def _accessed(node):
    return node.accessed


_BINARY = {"a": _expr(0), "b": _expr(1)}
_VECTOR = {"lanes": lambda node: node.lanes, "value": _expr(0)}
_ACCESS = {"buffer": _accessed, "buffer_var": _variable}

# What the members of each kind are made of.
FIELDS = {
    "for": {
        "loop_var": _variable,
        "min": _expr(0),
        "extent": _expr(1),
        "kind": lambda node: ForKind[node.label.upper()],
        "body": _stmt(0),
    },
    "attr": {
        "node": _variable,
        "attr_key": _label,
        "value": _expr(0),
        "body": _stmt(0),
    },
    "let": {
        "var": _variable,
        "value": _expr(0),
        "body": lambda node: (
            node.stmts[0] if node._family == "stmt" else node.exprs[1]
        ),
    },
    "store": {
        **_ACCESS,
        "value": _expr(0),
        "indices": lambda node: node.exprs[1:],
        "index": _expr(1),
    },
    "allocate": {
        "buffer_var": _variable,
        "extents": lambda node: node.exprs[:-1],
        "condition": _expr(-1),
        "body": _stmt(0),
    },
    "realize": {**_ACCESS, "condition": _expr(-1), "body": _stmt(0)},
    "if": {
        "condition": _expr(0),
        "then_case": _stmt(0),
        "else_case": _stmt(1),
    },
    "seq": {"seq": lambda node: node.stmts},
    "evaluate": {"value": _expr(0)},
    "assert": {"condition": _expr(0), "message": _label, "body": _stmt(0)},
    "var": {"name": _label, "var": lambda node: node},
    "string": {"value": _label},
    "float": {"value": lambda node: node.real},
    "cast": {"value": _expr(0)},
    "not": {"a": _expr(0)},
    "select": {
        "condition": _expr(0),
        "true_value": _expr(1),
        "false_value": _expr(2),
    },
    "call": {
        "op": lambda node: Op(node.label),
        "args": lambda node: node.exprs,
    },
    "load": {
        **_ACCESS,
        "indices": lambda node: node.exprs,
        "index": _expr(0),
    },
    "ramp": {
        "base": _expr(0),
        "stride": _expr(1),
        "lanes": lambda node: node.lanes,
    },
    "broadcast": _VECTOR,
}
FIELDS.update(
    dict.fromkeys(
        "add sub mul div mod floordiv floormod min max eq ne lt le gt ge and"
        " or".split(),
        _BINARY,
    )
)


def member(node: Node, name: str):
    """A member of a node by its kind."""
    field = FIELDS.get(node.node_kind, {}).get(name)
    if field is None:
        raise AttributeError(
            f"a node of kind '{node.node_kind}' has no {name!r}; it has"
            f" {', '.join(FIELDS.get(node.node_kind, {})) or 'no members'}"
        )
    return field(node)


class Stmt(_Stmt):
    """A statement, with the members of its kind."""

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        return member(self, name)

    def same_as(self, other) -> bool:
        """Whether it is the same node."""
        return self._handle == getattr(other, "_handle", None)


class _Kind(type):
    """A class whose instances are the nodes of a kind."""

    kinds: tuple[str, ...] = ()

    def __new__(cls, name, bases, members, kinds="", family=""):
        made = super().__new__(cls, name, bases, members)
        made.kinds = tuple(kinds.split())
        made.family = family
        return made

    def __init__(cls, name, bases, members, kinds="", family=""):
        super().__init__(name, bases, members)

    def __instancecheck__(cls, thing) -> bool:
        return (
            isinstance(thing, Node)
            and thing._family == cls.family
            and thing.node_kind in cls.kinds
        )

    def __call__(cls, *args, **kwargs):
        return cls.make(*args, **kwargs)

    def make(cls, *args, **kwargs):
        """A kind that is only asked for."""
        raise NotImplementedError(
            f"tir.{cls.__name__} is for isinstance; build expressions with"
            " Python's operators"
        )


def _kind(name: str, kinds: str, family: str, make=None, what: str = ""):
    members = {"__doc__": what or f"Nodes of kind {kinds!r}."}
    if make is not None:
        members["make"] = staticmethod(make)
    return _Kind(name, (), members, kinds=kinds, family=family)


# ---- Statements -------------------------------------------------------------


def _loop(loop_var, min, extent, kind, body, *_, **__):
    return _node.loop(
        loop_var, min, extent, body, ForKind(int(kind)).name.lower()
    )


def _attr(node, attr_key, value, body, span=None):
    return _node.attr(node, attr_key, value, body)


def _store(buffer, value, indices, span=None):
    return _node.store(buffer, value, *indices)


def _load(buffer, indices, span=None):
    return _node.load(buffer, *indices)


def _if(condition, then_case, else_case=None, span=None):
    return _node.branch(condition, then_case, else_case)


def _let(var, value, body, span=None):
    return _node.let(var, value, body)


def _seq(seq, span=None):
    from . import stmt_seq

    return stmt_seq(*seq)


def _assert(condition, message, body, span=None):
    return _node.check(condition, getattr(message, "value", message), body)


def _evaluate(value, span=None):
    context = _core.context()
    return context._stmt("evaluate", context.expr(value)._handle)


def _var(name, dtype="int32", span=None):
    return _core.context()._expr("var", name.encode(), str(dtype).encode())


def _cast(dtype, value, span=None):
    return _core.context().cast(str(dtype), value)


def _select(condition, true_value, false_value, span=None):
    from vtac.expr import select

    return select(condition, true_value, false_value)


def _call(dtype, op, args, span=None):
    return _core.context().call(str(dtype), getattr(op, "name", op), *args)


For = _kind("For", "for", "stmt", _loop)
AttrStmt = _kind("AttrStmt", "attr", "stmt", _attr)
LetStmt = _kind("LetStmt", "let", "stmt", _let)
BufferStore = _kind("BufferStore", "store", "stmt", _store)
Store = _kind("Store", "store", "stmt")
Allocate = _kind("Allocate", "allocate", "stmt")
BufferRealize = _kind("BufferRealize", "realize", "stmt")
IfThenElse = _kind("IfThenElse", "if", "stmt", _if)
SeqStmt = _kind("SeqStmt", "seq", "stmt", _seq)
Evaluate = _kind("Evaluate", "evaluate", "stmt", _evaluate)
AssertStmt = _kind("AssertStmt", "assert", "stmt", _assert)

# ---- Expressions ------------------------------------------------------------

Var = _kind("Var", "var", "expr", _var)
FloatImm = _kind(
    "FloatImm",
    "float",
    "expr",
    lambda dtype, value, span=None: _core.context().const(
        float(value), str(dtype)
    ),
)
Cast = _kind("Cast", "cast", "expr", _cast)
Select = _kind("Select", "select", "expr", _select)
Call = _kind("Call", "call", "expr", _call)
BufferLoad = _kind("BufferLoad", "load", "expr", _load)
Load = _kind("Load", "load", "expr")
Let = _kind("Let", "let", "expr")
Ramp = _kind("Ramp", "ramp", "expr")
Broadcast = _kind("Broadcast", "broadcast", "expr")


def _operator(name: str, kinds: str, function: str):
    def make(a, b, span=None):
        return _core.context()._binary(function, a, b)

    return _kind(name, kinds, "expr", make)


Add = _operator("Add", "add", "add")
Sub = _operator("Sub", "sub", "sub")
Mul = _operator("Mul", "mul", "mul")
Div = _operator("Div", "div", "truncdiv")
Mod = _operator("Mod", "mod", "truncmod")
FloorDiv = _operator("FloorDiv", "floordiv", "floordiv")
FloorMod = _operator("FloorMod", "floormod", "floormod")
Min = _operator("Min", "min", "min")
Max = _operator("Max", "max", "max")
EQ = _operator("EQ", "eq", "equal")
NE = _operator("NE", "ne", "not_equal")
LT = _operator("LT", "lt", "less")
LE = _operator("LE", "le", "less_equal")
GT = _operator("GT", "gt", "greater")
GE = _operator("GE", "ge", "greater_equal")
And = _operator("And", "and", "and")
Or = _operator("Or", "or", "or")
Not = _kind("Not", "not", "expr", lambda a, span=None: ~a)

# The names by which stmt_functor selects kinds.
BY_NAME = {
    f"tir.{name}": kind
    for name, kind in list(globals().items())
    if isinstance(kind, _Kind)
}

__all__ = [
    "ForKind",
    "Op",
    "Stmt",
    *(name.partition(".")[2] for name in BY_NAME),
]
