# SPDX-License-Identifier: Apache-2.0
"""Lowered modules, to be read."""
from vtac import _table

from ._missing import getattr_of


class IRModule:
    """A lowered function; its text is that of the reference, to the byte."""

    def __init__(self, lowered) -> None:
        self._lowered = lowered

    def astext(self, show_meta_data: bool = True, annotate=None) -> str:
        """The text with the reference's heading."""
        return '#[version = "0.0.5"]\n' + str(self)

    def script(self) -> str:
        """Not there: the text is that of str()."""
        raise NotImplementedError("vtac prints the text of str() only")

    def __str__(self) -> str:
        return self._lowered.text + "\n"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _table.code(self._lowered.text)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, IRModule):
            return str(self) == str(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


__getattr__ = getattr_of(__name__)

__all__ = ["IRModule"]
