# SPDX-License-Identifier: Apache-2.0
"""Lowering a schedule: to text that can be read, and to a module that runs."""
from __future__ import annotations

import ctypes

from . import _table
from ._library import LowerOptions, OnPass, lib, pointers, text
from .errors import InvalidError, VtacError
from .module import Module
from .tensor import Tensor
from .user_pass import Pass, c_passes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .schedule import Schedule


class Lowered:
    """A lowered function, to be read.

    ``str()`` is its text as ``docs/ir-text.md`` describes it.
    """

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.text = source

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _table.code(self.text)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Lowered):
            return self.text == other.text
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)


class PassRun:
    """What one pass did."""

    def __init__(
        self, name: str, changed: bool, seconds: float, source: str
    ) -> None:
        self.name = name
        self.changed = changed
        self.seconds = seconds
        self.text = source

    def __repr__(self) -> str:
        what = "changed" if self.changed else "unchanged"
        return f"<{self.name}: {what}, {1e6 * self.seconds:.0f} us>"


class Trace:
    """The runs of all passes, in their order; ``trace["Simplify"]`` is the
    last run of that pass."""

    def __init__(self, runs: list[PassRun]) -> None:
        self.runs = runs

    def __iter__(self):
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, key: int | str) -> PassRun:
        if isinstance(key, int):
            return self.runs[key]
        for run in reversed(self.runs):
            if run.name == key:
                return run
        raise KeyError(f"no pass {key!r} ran")

    def _rows(self):
        return [
            (
                i,
                run.name,
                "yes" if run.changed else "no",
                round(1e6 * run.seconds, 1),
            )
            for i, run in enumerate(self.runs)
        ]

    _header = ("", "pass", "changed", "us")

    def __repr__(self) -> str:
        return _table.text(self._header, self._rows())

    def _repr_html_(self) -> str:
        return _table.html(self._header, self._rows())


class _Request:
    """The arguments of a lowering, as the C library wants them."""

    def __init__(
        self,
        schedule: Schedule,
        args: Sequence[Tensor],
        name: str,
        accelerator: bool,
        disabled: Iterable[str],
        verify: bool,
        passes: Sequence[Pass],
    ) -> None:
        context = schedule._context
        args = list(args)
        for arg in args:
            if not isinstance(arg, Tensor):
                raise InvalidError(
                    f"argument {arg!r} is no tensor",
                    "argument",
                    "pass the placeholders and outputs of the schedule",
                )
        if isinstance(disabled, str):
            disabled = (disabled,)
        names = [item.encode() for item in disabled]
        passes = list(passes)
        for one in passes:
            if not isinstance(one, Pass):
                raise InvalidError(
                    f"{one!r} is no pass", "argument", "make a vtac.Pass"
                )
        self.context = context
        self.raised: list[BaseException] = []  # by what it called back
        self._passes = c_passes(passes, context, self.raised)
        self.options = LowerOptions(
            accelerator=accelerator,
            verify=verify,
            disabled_count=len(names),
            disabled=(ctypes.c_char_p * max(len(names), 1))(*names),
            pass_count=len(passes),
            passes=ctypes.addressof(self._passes),
        )
        self.args = (
            context._own(schedule),
            len(args),
            pointers(context._own(arg) for arg in args),
            name.encode(),
            ctypes.byref(self.options),
        )

    def observe(self, callback: Callable[[PassRun], None]) -> None:
        """Tells the callback of each pass."""

        def on_pass(user, pointer):
            event = pointer.contents
            run = PassRun(
                text(event.name),
                bool(event.changed),
                event.seconds,
                text(event.text),
            )
            try:
                if not self.raised:
                    callback(run)
            except BaseException as error:
                self.raised.append(error)

        self.options.on_pass = OnPass(on_pass)
        self.options.want_text = 1

    def run(self, call: Callable, function: str):
        """Calls the function; what passes and callbacks raised goes on."""
        try:
            result = call(function, *self.args)
        except VtacError:
            if self.raised:
                raise self.raised[0] from None
            raise
        if self.raised:
            raise self.raised[0]
        return result


def lower(
    schedule: Schedule,
    args: Sequence[Tensor],
    name: str = "main",
    *,
    accelerator: bool = True,
    disabled: Iterable[str] = (),
    verify: bool = False,
    passes: Sequence[Pass] = (),
    on_pass: Callable[[PassRun], None] | None = None,
) -> Lowered:
    """The function that the schedule becomes, as text.

    ``args`` are the tensors that become its parameters, in order: every
    placeholder and output once.  ``accelerator=False`` leaves out the
    accelerator's passes, ``disabled`` those it names; ``passes`` are yours
    (:class:`Pass`); ``on_pass`` is called with a :class:`PassRun` after every
    pass.
    """
    request = _Request(
        schedule, args, name, accelerator, disabled, verify, passes
    )
    if on_pass:
        request.observe(on_pass)
    return Lowered(name, request.run(request.context._text, "lower_text"))


def trace(
    schedule: Schedule, args: Sequence[Tensor], name: str = "main", **options
) -> Trace:
    """All passes that lowering runs, with the function's text after each."""
    runs: list[PassRun] = []
    lower(schedule, args, name, on_pass=runs.append, **options)
    return Trace(runs)


def build(
    schedule: Schedule,
    args: Sequence[Tensor],
    name: str = "main",
    *,
    accelerator: bool = True,
    disabled: Iterable[str] = (),
    verify: bool = False,
    passes: Sequence[Pass] = (),
) -> Module:
    """A module that runs the schedule; options are those of :func:`lower`."""
    request = _Request(
        schedule, args, name, accelerator, disabled, verify, passes
    )
    context = request.context
    handle = request.run(context._call, "build")
    return Module(handle, context.config, args)


class PassInfo:
    """What a pass is for."""

    def __init__(self, name: str, what: str, needs: str, gives: str) -> None:
        self.name = name
        self.what = what
        self.needs = needs
        self.establishes = gives

    def __repr__(self) -> str:
        return f"<{self.name}: {self.what}>"


def passes() -> tuple[PassInfo, ...]:
    """All passes, in the order of ``docs/passes.md``."""
    result: list[PassInfo] = []
    parts = [ctypes.c_char_p() for _ in range(3)]
    while True:
        name = lib.pass_name(len(result), *(ctypes.byref(p) for p in parts))
        if name is None:
            return tuple(result)
        result.append(PassInfo(text(name), *(text(p.value) for p in parts)))
