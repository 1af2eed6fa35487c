# SPDX-License-Identifier: Apache-2.0
"""Results that are computed once."""
from __future__ import annotations

import functools

from .._missing import getattr_of


def memoize(key, save_at_exit=False):
    """Remembers the results of a function while the process lives."""

    def decorate(function):
        known: dict = {}

        @functools.wraps(function)
        def memoized(*args):
            if args not in known:
                known[args] = function(*args)
            return known[args]

        return memoized

    return decorate


__getattr__ = getattr_of(__name__)

__all__ = ["memoize"]
