# SPDX-License-Identifier: Apache-2.0
"""Statements of an intrinsic, one after another."""
from __future__ import annotations

from vtac.intrin import Stmt, kernel_scope, sequence, unit_scope

from .._missing import getattr_of


class IRBuilder:
    """Collects statements; scopes hold all that follows them."""

    def __init__(self) -> None:
        self._scopes: list = []
        self._stmts: list[Stmt] = []

    def scope_attr(self, node, attr_key: str, value) -> None:
        """Marks all that follows: ``"coproc_scope"`` as work of a unit,
        ``"coproc_uop_scope"`` as a micro-op kernel."""
        if self._stmts:
            raise NotImplementedError(
                "a scope must come before the statements that it holds"
            )
        if attr_key == "coproc_scope":
            self._scopes.append(lambda body: unit_scope(int(value), body))
        elif attr_key == "coproc_uop_scope":
            self._scopes.append(kernel_scope)
        else:
            raise NotImplementedError(
                f"an intrinsic can't have the scope {attr_key!r}; use"
                " 'coproc_scope' or 'coproc_uop_scope'"
            )

    def emit(self, stmt) -> None:
        """Appends a statement, or a call for its effects."""
        from . import Evaluate

        self._stmts.append(stmt if isinstance(stmt, Stmt) else Evaluate(stmt))

    def get(self) -> Stmt:
        """All of it as one statement."""
        from . import Evaluate

        body = sequence(*self._stmts) if self._stmts else Evaluate(0)
        for scope in reversed(self._scopes):
            body = scope(body)
        self._scopes, self._stmts = [], []
        return body


def create() -> IRBuilder:
    """An empty builder."""
    return IRBuilder()


__getattr__ = getattr_of(__name__)

__all__ = ["IRBuilder", "create"]
