# SPDX-License-Identifier: Apache-2.0
"""Constants of shapes."""
from .._missing import getattr_of


def get_const_int(expr) -> int:
    """The number that a constant is."""
    return int(expr)


def get_const_tuple(in_tuple) -> tuple:
    """The numbers that constants are."""
    return tuple(int(item) for item in in_tuple)


def equal_const_int(expr, value) -> bool:
    """Whether it is that constant."""
    try:
        return int(expr) == value
    except TypeError:
        return False


__getattr__ = getattr_of(__name__)

__all__ = ["equal_const_int", "get_const_int", "get_const_tuple"]
