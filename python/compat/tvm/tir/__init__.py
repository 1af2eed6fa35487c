# SPDX-License-Identifier: Apache-2.0
"""What intrinsics are written with."""
from __future__ import annotations

from vtac.expr import (
    Expr,
    all,
    any,
    floordiv,
    floormod,
    if_then_else,
    max,
    min,
    truncdiv,
    truncmod,
)
from vtac.intrin import Buffer
from vtac.intrin import Stmt as _Stmt
from vtac.intrin import decl_buffer as _decl_buffer

from .. import _core
from .._missing import attribute_error
from .._objects import IntImm, IterVar, PrimExpr, Range
from ..te import const
from . import nodes
from .function import PrimFunc
from .nodes import *  # noqa: F403
from .nodes import Evaluate

indexdiv = floordiv
indexmod = floormod


class StringImm:
    """A text as an operand."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f'"{self.value}"'


def decl_buffer(
    shape,
    dtype=None,
    name="buffer",
    data=None,
    strides=None,
    elem_offset=None,
    scope="",
    data_alignment=-1,
    offset_factor=0,
    buffer_type="",
    axis_separators=None,
) -> Buffer:
    """A buffer of which an intrinsic sees a window."""
    if data is not None or elem_offset is not None:
        raise NotImplementedError("vtac makes the data and offset of a buffer")
    return _decl_buffer(
        [int(extent) for extent in shape],
        dtype or "float32",
        name,
        scope or "global",
        strides=[int(stride) for stride in strides] if strides else None,
        offset_factor=offset_factor,
        alignment=data_alignment if data_alignment > 0 else 0,
        context=_core.context(),
    )


def call_intrin(dtype, func_name, *args, span=None) -> PrimExpr:
    """A call of an operator of the IR."""
    return _core.context().call(str(dtype), str(func_name), *args)


def call_extern(dtype, func_name, *args, span=None) -> PrimExpr:
    """A call of a function outside the module."""
    return _core.context().call_extern(str(dtype), func_name, *args)


def stmt_seq(*args) -> Stmt:
    """Statements one after another."""
    from vtac.intrin import sequence

    return sequence(
        *(arg if isinstance(arg, _Stmt) else Evaluate(arg) for arg in args)
    )


def __getattr__(name: str):
    import importlib

    if name in ("ir_builder", "stmt_functor", "transform"):
        return importlib.import_module(f"{__name__}.{name}")
    raise attribute_error(__name__, name)


__all__ = [
    *nodes.__all__,
    "Buffer",
    "Expr",
    "IntImm",
    "IterVar",
    "PrimExpr",
    "PrimFunc",
    "Range",
    "StringImm",
    "all",
    "any",
    "call_extern",
    "call_intrin",
    "const",
    "decl_buffer",
    "floordiv",
    "floormod",
    "if_then_else",
    "indexdiv",
    "indexmod",
    "max",
    "min",
    "stmt_seq",
    "truncdiv",
    "truncmod",
]
