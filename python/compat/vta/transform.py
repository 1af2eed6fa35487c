# SPDX-License-Identifier: Apache-2.0
"""The accelerator's passes by name, to be put into lists of passes."""
from tvm._missing import attribute_error
from tvm.transform import BuiltinPass

_PASSES = {
    "AnnotateALUCoProcScope",
    "CPUAccessRewrite",
    "FoldUopLoop",
    "InjectALUIntrin",
    "InjectCoProcSync",
    "InjectConv2DTransposeSkip",
    "InjectDMAIntrin",
    "InjectSkipCopy",
    "LiftAllocToScopeBegin",
}


def __getattr__(name: str):
    if name in _PASSES:
        return lambda: BuiltinPass(f"tir.vta.{name}", True)
    raise attribute_error(__name__, name)


__all__ = ["BuiltinPass"]
