# SPDX-License-Identifier: Apache-2.0
"""Paddings."""
from .._missing import getattr_of


def get_pad_tuple2d(padding) -> tuple:
    """One, two or four sizes as (top, left, bottom, right)."""
    if isinstance(padding, int):
        return (padding,) * 4
    sizes = tuple(padding)
    if len(sizes) == 4:
        return sizes
    if len(sizes) == 2:
        return (*sizes, *sizes)
    raise ValueError("Size of padding can only be 2 or 4")


__getattr__ = getattr_of(__name__)

__all__ = ["get_pad_tuple2d"]
