# SPDX-License-Identifier: Apache-2.0
"""Passes by name, and passes of one's own, to be put into lists of passes."""
from __future__ import annotations

from .._missing import attribute_error
from ..transform import BuiltinPass, PythonPass

# The reference's general passes that vtac has, too.
_GENERAL = {
    "CommonSubexprElimTIR",
    "HoistIfThenElse",
    "InjectVirtualThread",
    "LoopPartition",
    "RemoveNoOp",
    "RenormalizeSplitPattern",
    "RewriteUnsafeSelect",
    "Simplify",
    "StorageFlatten",
    "StorageRewrite",
    "UnrollLoop",
    "VectorizeLoop",
}


def LowerDeviceStorageAccessInfo() -> BuiltinPass:
    """Turns on-chip pointers into element indices."""
    return BuiltinPass("tir.LowerDeviceStorageAccessInfo", True)


def LiftAttrScope(attr_key: str) -> BuiltinPass:
    """Moves scopes outwards and merges neighbours."""
    return BuiltinPass(f"tir.LiftAttrScope({attr_key})", True)


def prim_func_pass(
    pass_func=None, opt_level: int = 0, name: str | None = None, required=None
):
    """A pass of ``pass_func(function, module, context)``, which returns the
    function it makes; also as a decorator."""

    def make(function) -> PythonPass:
        if isinstance(function, type):
            function = function().transform_function
        return PythonPass(function, name or function.__name__)

    return make if pass_func is None else make(pass_func)


def Apply(ftransform) -> PythonPass:
    """A pass of ``ftransform(function)``."""
    return prim_func_pass(lambda f, *_: ftransform(f), name="Apply")


def __getattr__(name: str):
    if name in _GENERAL:
        return lambda *args: BuiltinPass(f"tir.{name}")
    raise attribute_error(__name__, name)


__all__ = [
    "Apply",
    "LiftAttrScope",
    "LowerDeviceStorageAccessInfo",
    "prim_func_pass",
]
