# SPDX-License-Identifier: Apache-2.0
"""Passes of your own, which run among those of the library::

    def twice(body):
        def change(node):
            if node.node_kind == "store":
                value, *indices = node.exprs
                return vtac.node.store(node.accessed, value * 2, *indices)

        return vtac.node.transform(body, change)

    vtac.lower(s, [a, b], passes=[vtac.Pass(twice)])

Nodes of a pass can be used until it returns.
"""
from __future__ import annotations

import ctypes

from ._library import OnRun, UserPass
from .errors import InvalidError
from .intrin import Stmt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .context import Context


class Pass:
    """A function from a function's body to its new body, and where it runs:

    ``phase`` 0 is before all passes, 1 where memory is flat, 2 after virtual
    threads, 3 at the end; ``before`` puts it before the accelerator's passes
    of its phase, not after.
    """

    def __init__(
        self,
        function: Callable[[Stmt], Stmt],
        phase: int = 1,
        *,
        before: bool = False,
        name: str | None = None,
    ) -> None:
        self.function = function
        self.phase = phase
        self.before = before
        self.name = name or getattr(function, "__name__", "pass")

    def __repr__(self) -> str:
        return f"Pass({self.name!r}, phase={self.phase})"


class _Inside:
    """The part of a context that belongs to the pass that is running: it
    forgets its nodes when the pass ends."""

    def __init__(self, outer: Context) -> None:
        self.__dict__.update(outer.__dict__)
        self._outer = outer
        self._kept: list = []

    def __del__(self) -> None:
        """The context itself is the outer one's."""

    def _call(self, function: str, *args):
        if self._handle is None:
            raise InvalidError(
                "a node belongs to a pass that has ended",
                "argument",
                "keep what you need of it as text or numbers",
            )
        return super()._call(function, *args)

    def _own(self, thing) -> int:
        if getattr(thing, "_context", None) is self._outer:
            return thing._handle
        return super()._own(thing)

    def _keep(self, thing):
        self._kept.append(thing)
        return thing

    def _expr(self, function: str, *args):
        return self._keep(super()._expr(function, *args))

    def _stmt(self, function: str, *args):
        return self._keep(super()._stmt(function, *args))

    def _node(self, handle):
        made = super()._node(handle)
        return None if made is None else self._keep(made)

    def end(self) -> None:
        """The nodes are gone."""
        for thing in self._kept:
            thing._handle = None
        self._handle = None


def running() -> Context | None:
    """The context of the pass that this thread is in."""
    from .context import _local

    top = _local.stack[-1] if _local.stack else None
    return top if isinstance(top, _Inside) else None


def _inside(outer: Context) -> Context:
    kind = type("Inside", (_Inside, type(outer)), {})
    return kind(outer)


def _run(one: Pass, outer: Context, handle: int, raised: list) -> int | None:
    """The handle of the new body; None after an exception, which is kept."""
    context = _inside(outer)
    try:
        with context:
            made = one.function(
                context._keep(context.stmt_class(context, handle))
            )
            if not isinstance(made, Stmt):
                raise InvalidError(
                    f"pass '{one.name}' returned {made!r}, which is no"
                    " statement",
                    "user-pass",
                    "return the function's whole body",
                )
            return context._own(made)
    except BaseException as error:
        raised.append(error)
        return None
    finally:
        context.end()


def c_passes(passes: Sequence[Pass], outer: Context, raised: list):
    """The passes as the C library wants them."""

    def callback(one: Pass):
        return OnRun(lambda user, c, body: _run(one, outer, body, raised))

    return (UserPass * max(len(passes), 1))(
        *(
            UserPass(
                name=one.name.encode(),
                phase=one.phase,
                before=one.before,
                run=callback(one),
            )
            for one in passes
        )
    )


__all__ = ["Pass"]
