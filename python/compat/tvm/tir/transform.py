# SPDX-License-Identifier: Apache-2.0
"""Passes by name, to be put into lists of passes."""
from .._missing import attribute_error
from ..transform import BuiltinPass

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


def __getattr__(name: str):
    if name in _GENERAL:
        return lambda *args: BuiltinPass(f"tir.{name}")
    raise attribute_error(__name__, name)


__all__ = ["LiftAttrScope", "LowerDeviceStorageAccessInfo"]
