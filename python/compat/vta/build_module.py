# SPDX-License-Identifier: Apache-2.0
"""Lowering and building with the accelerator's passes."""
from __future__ import annotations

import tvm
from tvm._missing import getattr_of
from tvm.transform import PassContext

from . import transform


def EarlyRewrite():
    """Shares accelerator memory before virtual threads are expanded."""
    return transform.BuiltinPass("tir.vta.EarlyRewrite", True)


def build_config(debug_flag: int = 0, **kwargs) -> PassContext:
    """Options of lowering under which the accelerator's passes run."""
    lift = tvm.tir.transform.LiftAttrScope
    passes = [
        (0, transform.InjectConv2DTransposeSkip()),
        (1, transform.InjectDMAIntrin()),
        (1, transform.InjectSkipCopy()),
        (1, transform.AnnotateALUCoProcScope()),
        (1, lift("coproc_uop_scope")),
        (1, transform.LiftAllocToScopeBegin()),
        (1, lift("coproc_scope")),
        (1, transform.InjectCoProcSync()),
        (1, EarlyRewrite()),
        (2, transform.InjectALUIntrin()),
        (3, tvm.tir.transform.LowerDeviceStorageAccessInfo()),
        (3, transform.FoldUopLoop()),
        (3, transform.CPUAccessRewrite()),
    ]
    passes[0][1].debug_flag = debug_flag
    config = {"tir.add_lower_pass": passes}
    config.update(kwargs.pop("config", None) or {})
    return PassContext(config=config, **kwargs)


def lower(*args, **kwargs):
    """tvm.lower with the accelerator's passes.

    As in the reference, options in force (``disabled_pass``) don't count
    here; tvm.lower inside ``with build_config(...)`` heeds them.
    """
    if not PassContext.current().config.get("add_lower_pass"):
        with build_config():
            return tvm.lower(*args, **kwargs)
    return tvm.lower(*args, **kwargs)


def build(*args, **kwargs):
    """tvm.build with the accelerator's passes, under the options in force."""
    if not PassContext.current().config.get("tir.add_lower_pass"):
        with build_config():
            return tvm.build(*args, **kwargs)
    return tvm.build(*args, **kwargs)


__getattr__ = getattr_of(__name__)

__all__ = ["EarlyRewrite", "build", "build_config", "lower"]
