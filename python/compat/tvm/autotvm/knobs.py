# SPDX-License-Identifier: Apache-2.0
"""The knobs of a schedule, each at its first setting."""
from __future__ import annotations

import functools

from .._missing import getattr_of


class SplitEntity:
    """How an axis is split: by factors, the first of which is open."""

    def __init__(self, size) -> None:
        self.size = list(size)

    def apply(self, sch, op, axis) -> list:
        """Splits the axis; the results, outermost first."""
        made = []
        for i in range(1, len(self.size)):
            factor = 1
            for size in self.size[i:]:
                factor *= size
            outer, axis = sch[op].split(axis, factor)
            made.append(outer)
        return [*made, axis]

    def __repr__(self) -> str:
        return f"split {self.size}"


class OtherOptionEntity:
    """One of some values."""

    def __init__(self, val) -> None:
        self.val = val

    def __repr__(self) -> str:
        return repr(self.val)


class FallbackConfigEntity:
    """Every split leaves the inner part one step; every knob has its first
    value; what is set beforehand stays."""

    is_fallback = True

    def __init__(self) -> None:
        self._knobs: dict = {}
        self.flop = 0

    def define_split(self, name, axis, policy="factors", **options) -> None:
        """A split of an axis."""
        parts = options.get("num_outputs", 2)
        self._knobs.setdefault(name, SplitEntity([-1] + [1] * (parts - 1)))

    def define_knob(self, name, candidate) -> None:
        """One of some values."""
        self._knobs.setdefault(name, OtherOptionEntity(candidate[0]))

    def add_flop(self, flop) -> None:
        """Counts operations."""
        self.flop += float(flop)

    def __getitem__(self, name):
        return self._knobs[name]

    def __setitem__(self, name, value) -> None:
        self._knobs[name] = value


def register_topi_compute(task_name, func=None):
    """Gives a function its knobs as the first argument; a decorator, too."""

    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            return function(FallbackConfigEntity(), *args, **kwargs)

        call.with_config = function
        return call

    return decorate(func) if func else decorate


def register_topi_schedule(task_name, func=None):
    """The same for a schedule."""
    return register_topi_compute(task_name, func)


__getattr__ = getattr_of(__name__)

__all__ = [
    "FallbackConfigEntity",
    "OtherOptionEntity",
    "SplitEntity",
    "register_topi_compute",
    "register_topi_schedule",
]
