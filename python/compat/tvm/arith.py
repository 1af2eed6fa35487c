# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on expressions."""
from ._missing import getattr_of


class Analyzer:
    """Simplifies what is constant; lowering does the rest."""

    def simplify(self, expr, steps: int = 2):
        """The constant, or the expression as it is."""
        value = getattr(expr, "constant", expr)
        return expr if value is None else value


__getattr__ = getattr_of(__name__)

__all__ = ["Analyzer"]
