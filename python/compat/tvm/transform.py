# SPDX-License-Identifier: Apache-2.0
"""The options of lowering that are in force."""
from __future__ import annotations

import threading

from ._missing import getattr_of


class _Local(threading.local):
    def __init__(self) -> None:
        self.stack: list[PassContext] = []


_local = _Local()

# Names of passes in the reference that are called otherwise in vtac.
_NAMES = {"CommonSubexprElimTIR": "CommonSubexprElim"}


class PassContext:
    """Options of lowering, in force inside a ``with``.

    ``disabled_pass`` names passes to leave out; ``config`` holds the
    accelerator's passes as ``vta.build_config`` puts them there.
    """

    def __init__(
        self,
        opt_level: int = 2,
        required_pass=None,
        disabled_pass=None,
        instruments=None,
        config=None,
        trace=None,
    ) -> None:
        self.opt_level = opt_level
        self.required_pass = list(required_pass or [])
        self.disabled_pass = list(disabled_pass or [])
        self.instruments = list(instruments or [])
        self.config = dict(config or {})

    def __enter__(self) -> PassContext:
        _local.stack.append(self)
        return self

    def __exit__(self, *exception) -> None:
        _local.stack.remove(self)

    @staticmethod
    def current() -> PassContext:
        """The innermost one, or one of defaults."""
        return _local.stack[-1] if _local.stack else PassContext()

    def _builtin(self) -> list:
        passes = self.config.get("tir.add_lower_pass", ())
        for _, one in passes:
            if not isinstance(one, (BuiltinPass, PythonPass)):
                raise TypeError(
                    f"{one!r} is no pass; make one with"
                    " tvm.tir.transform.prim_func_pass"
                )
        return [one for _, one in passes if isinstance(one, BuiltinPass)]

    def accelerator(self) -> bool:
        """Whether the accelerator's passes are to run."""
        return any(one.accelerator for one in self._builtin())

    def user_passes(self) -> list:
        """The passes written in Python.  Those that stand before the first of
        the accelerator's passes of their phase run before them, others
        after."""
        found, begun = [], set()
        for phase, one in self.config.get("tir.add_lower_pass", ()):
            if isinstance(one, PythonPass):
                found.append(one.at(int(phase), int(phase) not in begun))
            elif one.accelerator:
                begun.add(int(phase))
        return found

    def debug_flag(self) -> int:
        """What the program asks the device to print."""
        return max((one.debug_flag for one in self._builtin()), default=0)

    def disabled(self) -> list[str]:
        """Disabled passes by vtac's names; names of others don't count."""
        import vtac

        known = {one.name for one in vtac.passes()}
        names = [
            name.replace("tir.vta.", "").replace("tir.", "")
            for name in self.disabled_pass
        ]
        return [
            _NAMES.get(name, name)
            for name in names
            if _NAMES.get(name, name) in known
        ]

    def __repr__(self) -> str:
        return (
            f"PassContext(opt_level={self.opt_level},"
            f" disabled_pass={self.disabled_pass}, config={self.config})"
        )


class BuiltinPass:
    """A pass that the library has; it can be named, not called."""

    debug_flag = 0

    def __init__(self, name: str, accelerator: bool = False) -> None:
        self.name = name
        self.accelerator = accelerator

    def __repr__(self) -> str:
        return f"<pass {self.name}>"


class PythonPass:
    """A pass written in Python, as tvm.tir.transform.prim_func_pass makes
    it."""

    def __init__(self, function, name: str) -> None:
        self.function = function
        self.name = name

    def _run(self, body):
        from .tir.function import PrimFunc

        made = self.function(PrimFunc(body), None, PassContext.current())
        if not isinstance(made, PrimFunc):
            raise TypeError(
                f"pass '{self.name}' returned {made!r}, which is no function;"
                " return f.with_body(...)"
            )
        return made.body

    def at(self, phase: int, before: bool):
        """The pass at a place."""
        import vtac

        return vtac.Pass(self._run, phase, before=before, name=self.name)

    def __repr__(self) -> str:
        return f"<pass {self.name}>"


__getattr__ = getattr_of(__name__)

__all__ = ["BuiltinPass", "PassContext", "PythonPass"]
