# SPDX-License-Identifier: Apache-2.0
"""Visiting and rewriting lowered functions, in passes."""
from __future__ import annotations

from vtac.node import walk

from .._missing import getattr_of
from . import nodes


def _wanted(node, only) -> bool:
    return only is None or any(isinstance(node, kind) for kind in only)


def _rebuild(node, change):
    if node._family == "expr":
        exprs = node.exprs
        return node.rebuilt([change(expr) for expr in exprs]) if exprs else node
    exprs = [change(expr) for expr in node.exprs]
    return node.rebuilt(exprs, [change(stmt) for stmt in node.stmts])


def ir_transform(stmt, preorder, postorder, only_enable=None):
    """The statement, rewritten.

    ``preorder(node)`` is asked first: what it returns, unless None, takes the
    node's place, and nothing in it is visited.  ``postorder(node)`` is asked
    after the parts were rewritten.  ``only_enable`` names the kinds that they
    are asked about: ``["tir.For"]``.
    """
    only = None
    if only_enable is not None:
        only = [nodes.BY_NAME[str(name)] for name in only_enable]

    def change(node):
        asked = _wanted(node, only)
        if asked and preorder is not None:
            made = preorder(node)
            if made is not None:
                return made
        made = _rebuild(node, change)
        if asked and postorder is not None:
            again = postorder(made)
            if again is not None:
                return again
        return made

    return change(stmt)


def post_order_visit(stmt, fvisit) -> None:
    """Calls ``fvisit`` with every node, each after its parts."""
    for node in walk(stmt):
        fvisit(node)


def pre_order_visit(stmt, fvisit) -> None:
    """Calls ``fvisit`` with every node, each before its parts, which are left
    out where it returns False."""
    if not fvisit(stmt):
        return
    for part in (*stmt.exprs, *getattr(stmt, "stmts", ())):
        pre_order_visit(part, fvisit)


def substitute(node, vmap):
    """The node with values in the place of variables."""
    return node.substitute(dict(vmap))


__getattr__ = getattr_of(__name__)

__all__ = [
    "ir_transform",
    "post_order_visit",
    "pre_order_visit",
    "substitute",
]
