# SPDX-License-Identifier: Apache-2.0
"""Schedules and stages."""
from .._missing import getattr_of
from .._objects import Schedule, Stage


def AutoInlineInjective(s: Schedule) -> None:
    """Inlines every element-wise stage but the outputs."""
    from ..topi.tag import is_injective

    for stage in s.stages:
        tensor = stage.tensor
        if tensor.is_placeholder or stage.is_output or tensor.reduce_axis:
            continue
        if is_injective(tensor.tag):
            stage.compute_inline()


__getattr__ = getattr_of(__name__)

__all__ = ["AutoInlineInjective", "Schedule", "Stage"]
