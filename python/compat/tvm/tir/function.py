# SPDX-License-Identifier: Apache-2.0
"""The function that a pass is given, and returns."""
from __future__ import annotations


class PrimFunc:
    """A function that is being lowered."""

    def __init__(self, body, name: str = "main") -> None:
        self.body = body
        self.attrs = {"global_symbol": name, "tir.noalias": True}

    def with_body(self, new_body, span=None) -> PrimFunc:
        """The same with another body."""
        made = PrimFunc(new_body)
        made.attrs = self.attrs
        return made

    def with_attr(self, attr_key_or_dict, attr_value=None) -> PrimFunc:
        """The same with more attributes, for the passes of a list only."""
        more = attr_key_or_dict
        if not isinstance(more, dict):
            more = {more: attr_value}
        made = PrimFunc(self.body)
        made.attrs = {**self.attrs, **more}
        return made

    def __repr__(self) -> str:
        return str(self.body)


__all__ = ["PrimFunc"]
