# SPDX-License-Identifier: Apache-2.0
"""vtac: a tensor compiler, runtime and simulator for the VTA accelerator.

Declare tensors, schedule them, lower, build, run::

    import numpy, vtac

    a = vtac.placeholder((1024,), "int32", name="a")
    b = vtac.compute((1024,), lambda i: a[i] + 1, name="b")
    s = vtac.schedule(b)
    print(vtac.lower(s, [a, b], accelerator=False))

    module = vtac.build(s, [a, b], accelerator=False)
    result = numpy.zeros(1024, "int32")
    module(numpy.arange(1024, dtype="int32"), result)

``docs/python.md`` is the guide.
"""
from __future__ import annotations

from . import node, ops, rpc
from ._library import lib as _lib
from ._library import text as _text
from .config import Config
from .context import Context, current
from .device import (
    Array,
    Counters,
    Device,
    counter_names,
    default_device,
    from_dlpack,
)
from .errors import (
    DeviceError,
    ExhaustedError,
    FileError,
    InvalidError,
    RefusedError,
    VtacError,
)
from .expr import (
    Axis,
    Expr,
    all,
    any,
    cast,
    const,
    floordiv,
    floormod,
    if_then_else,
    max,
    min,
    select,
    sum,
    truncdiv,
    truncmod,
)
from .intrin import (
    Buffer,
    Intrin,
    Stmt,
    call,
    call_extern,
    decl_buffer,
    evaluate,
    gemm_intrinsic,
    intrinsic,
    kernel_scope,
    sequence,
    unit_scope,
)
from .lower import (
    Lowered,
    PassInfo,
    PassRun,
    Trace,
    build,
    lower,
    passes,
    trace,
)
from .module import Module, Parameter, load_module, targets
from .schedule import LoopInfo, Schedule, Stage, schedule
from .tensor import (
    Slice,
    Tensor,
    compute,
    copy,
    pad,
    placeholder,
    reduce_axis,
    thread_axis,
)
from .user_pass import Pass

__version__ = _text(_lib.version())

# Memories of the accelerator, for Stage.set_scope and the caches.
INP_SCOPE = "local.inp_buffer"
WGT_SCOPE = "local.wgt_buffer"
ACC_SCOPE = "local.acc_buffer"
# Pragmas that say which unit runs a loop.
DMA_COPY = "dma_copy"
ALU = "alu"

_INTERNAL = ("annotations", "config", "context", "device", "errors", "expr")
_INTERNAL += ("intrin", "module", "tensor", "user_pass")

__all__ = [
    name
    for name in globals()
    if not name.startswith("_") and name not in _INTERNAL
]
