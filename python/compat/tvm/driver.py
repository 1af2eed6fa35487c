# SPDX-License-Identifier: Apache-2.0
"""Lowering and building."""
from __future__ import annotations

import warnings

import vtac

from ._missing import getattr_of
from .ir import IRModule
from .runtime.module import Module
from ._objects import Schedule
from .transform import PassContext


def _tensors(args):
    if args is None:
        raise ValueError("args must be given for a schedule")
    return list(args)


def _check_schedule(inp) -> Schedule:
    if not isinstance(inp, Schedule):
        raise ValueError(
            f"Expected input to be a schedule, but got {type(inp)}; vtac"
            " lowers and builds schedules"
        )
    return inp


def lower(
    inp, args=None, name="main", binds=None, simple_mode=False
) -> IRModule:
    """The function that a schedule becomes, to be read."""
    if binds:
        raise NotImplementedError("vtac declares the buffers of arguments")
    options = PassContext.current()
    return IRModule(
        vtac.lower(
            _check_schedule(inp),
            _tensors(args),
            name,
            accelerator=options.accelerator(),
            disabled=options.disabled(),
            passes=options.user_passes(),
        )
    )


def build(
    inputs,
    args=None,
    target=None,
    target_host=None,
    runtime=None,
    name="default_function",
    binds=None,
) -> Module:
    """A module that runs a schedule."""
    from .target import Target

    if target_host is not None:
        warnings.warn(
            "target_host parameter is going to be deprecated. Please pass in"
            " tvm.target.Target(target, host=target_host) instead.",
            stacklevel=2,
        )
    if binds:
        raise NotImplementedError("vtac declares the buffers of arguments")
    options = PassContext.current()
    if options.debug_flag():
        raise NotImplementedError(
            "vtac's modules have no debug flags; a device lists what it runs:"
            " vtac.Device(on_listing=print)"
        )
    target = Target(target or "llvm", host=target_host)
    module = vtac.build(
        _check_schedule(inputs),
        _tensors(args),
        name,
        accelerator=options.accelerator(),
        disabled=options.disabled(),
        passes=options.user_passes(),
    )
    return Module(module, target=target)


__getattr__ = getattr_of(__name__)

__all__ = ["build", "lower"]
