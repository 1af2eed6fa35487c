# SPDX-License-Identifier: Apache-2.0
"""What is said where a name of the reference is not there."""
from __future__ import annotations


import sys

# By the longest prefix that fits; what to use instead.
_INSTEAD = {
    "tvm.relay": "declare layers with te or vtac.ops; whole networks are not"
    " compiled",
    "tvm.relax": "declare layers with te or vtac.ops",
    "tvm.auto_scheduler": "write the schedule, or let vtac.ops choose tiles",
    "tvm.meta_schedule": "write the schedule, or let vtac.ops choose tiles",
    "tvm.autotvm": "tiles are not tuned here: write the schedule, or let"
    " vtac.ops choose tiles",
    "tvm.micro": "save modules as C with vtac.Module.save('x.c')",
    "tvm.script": "write the computation with te",
    "tvm.contrib": "of contrib there are utils and pickle_memoize",
    "tvm.te.var": "shapes are constants: pass numbers",
    "tvm.te.size_var": "shapes are constants: pass numbers",
    "tvm.te.hybrid": "write the computation with te.compute",
    "tvm.te.extern": "write the computation with te.compute",
    "tvm.te.scan": "write the computation with te.compute",
    "tvm.tir.transform": "write the pass with prim_func_pass, or leave some out"
    " with PassContext(disabled_pass=...)",
    "tvm.tir": "expressions are built with te and vtac",
    "tvm.topi.nn": "write the operator with te.compute, or take it from"
    " vtac.ops",
    "tvm.topi": "write the operator with te.compute, or take it from vtac.ops",
    "tvm.cuda": "devices are cpu and ext_dev",
    "tvm.gpu": "devices are cpu and ext_dev",
    "tvm.opencl": "devices are cpu and ext_dev",
    "tvm": "vtac itself may have it: see docs/python.md",
    "vta.top.bitpack": "pack arrays with vtac.ops.pack",
    "vta.top.graph_pack": "whole networks are not compiled: pack arrays with"
    " vtac.ops.pack",
    "vta.top": "take the operator from vtac.ops",
    "vta": "vtac itself may have it: see docs/python.md",
}


def advice(name: str) -> str:
    """What to use instead of a dotted name."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        found = _INSTEAD.get(".".join(parts[:end]))
        if found:
            return found
    return "see docs/python.md"


def attribute_error(module: str, name: str) -> AttributeError:
    """The error for a name that a module does not have."""
    whole = f"{module}.{name}"
    return (
        AttributeError(
            f"vtac's {module} has no {name!r}; {advice(whole)}", name=name
        )
        if sys.version_info >= (3, 10)
        else AttributeError(
            f"vtac's {module} has no {name!r}; {advice(whole)}"
        )
    )


class _Finder:
    """Comes last: says what to use in the place of a missing module."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.startswith(("tvm.", "vta.")):
            raise ModuleNotFoundError(
                f"vtac's {fullname.partition('.')[0]} has no module"
                f" {fullname!r}; {advice(fullname)}",
                name=fullname,
            )
        return None


def install_finder() -> None:
    """Once a process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


def getattr_of(module: str):
    """A module's ``__getattr__`` that only says what is missing."""

    def __getattr__(name: str):
        raise attribute_error(module, name)

    return __getattr__
