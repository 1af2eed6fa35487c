# SPDX-License-Identifier: Apache-2.0
"""The context that te's functions work in: one a thread and accelerator."""
from __future__ import annotations

import threading
import weakref

import vtac
from vtac.context import Context as _Context
from vtac.user_pass import running

from ._objects import (
    IterVar,
    PrimExpr,
    Schedule,
    Stage,
    tensor_object,
)


class Context(_Context):
    """A context whose objects are te's."""

    expr_class = PrimExpr
    axis_class = IterVar
    schedule_class = Schedule
    stage_class = Stage

    @property
    def stmt_class(self):
        """Statements with the members of their kinds; only passes want
        them."""
        from .tir.nodes import Stmt

        return Stmt

    def _tensor(self, handle):
        return tensor_object(self, handle)


def _builtin_config():
    return vtac.config.as_config(None)


class _State:
    """Who knows the accelerator: vta's environment, once it is imported."""

    config = staticmethod(_builtin_config)


class _Local(threading.local):
    def __init__(self) -> None:
        self.contexts: dict = {}


_local = _Local()


def set_config_source(source) -> None:
    """``source()`` is asked for the current configuration."""
    _State.config = staticmethod(source)


def config() -> vtac.Config:
    """The current accelerator's configuration."""
    return _State.config()


def context() -> Context:
    """The context for new objects."""
    inside = running()
    if inside is not None:
        return inside
    wanted = config()
    known = _local.contexts.get(wanted)
    found = known() if known else None
    if found is None:
        found = Context(wanted)
        _local.contexts[wanted] = weakref.ref(found)
    return found
