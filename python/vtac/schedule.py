# SPDX-License-Identifier: Apache-2.0
"""Schedules: how a graph of tensors is computed."""
from __future__ import annotations

import ctypes

from . import _table
from ._library import Loop, lib, pointers, text
from .errors import InvalidError
from .expr import Axis
from .tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .context import Context
    from .expr import ExprLike
    from .intrin import Intrin


class Schedule:
    """How some tensors are computed; ``s[t]`` is the stage of a tensor."""

    def __init__(
        self, context: Context, outputs: Tensor | Sequence[Tensor]
    ) -> None:
        if isinstance(outputs, Tensor):
            outputs = [outputs]
        self._context = context
        self._handle = context._call(
            "schedule_new",
            len(outputs),
            pointers(context._own(output) for output in outputs),
        )

    def __getitem__(self, tensor: Tensor) -> Stage:
        if not isinstance(tensor, Tensor):
            raise InvalidError(
                f"{tensor!r} is no tensor; a schedule is indexed by tensors",
                "argument",
            )
        context = self._context
        handle = context._call("stage_of", self._handle, context._own(tensor))
        return context.stage_class(self, handle)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages, producers first."""
        stages: list[Stage] = []
        while True:
            handle = lib.schedule_stage(self._handle, len(stages))
            if not handle:
                return tuple(stages)
            stages.append(self._context.stage_class(self, handle))

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def __len__(self) -> int:
        return len(self.stages)

    def cache_read(
        self, tensor: Tensor, scope: str, readers: Tensor | Sequence[Tensor]
    ) -> Tensor:
        """A copy of the tensor in ``scope`` that the readers read instead."""
        context = self._context
        if isinstance(readers, Tensor):
            readers = [readers]
        return context._tensor(
            context._call(
                "cache_read",
                self._handle,
                context._own(tensor),
                scope.encode(),
                len(readers),
                pointers(context._own(reader) for reader in readers),
            )
        )

    def cache_write(self, tensor: Tensor, scope: str) -> Tensor:
        """The tensor is computed in ``scope`` and then copied from there."""
        context = self._context
        return context._tensor(
            context._call(
                "cache_write",
                self._handle,
                context._own(tensor),
                scope.encode(),
            )
        )

    def _rows(self):
        for stage in self.stages:
            loops = " > ".join(str(loop) for loop in stage.loops)
            yield stage.name, stage.scope or "global", stage.place, loops

    def __str__(self) -> str:
        return _table.text(
            ("stage", "scope", "computed", "loops"), self._rows()
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _table.html(
            ("stage", "scope", "computed", "loops"), self._rows()
        )


class LoopInfo:
    """One loop of a stage, to be looked at."""

    def __init__(self, stage: Stage, loop: Loop) -> None:
        context = stage._context
        self.axis: Axis = context._axis(loop.axis)
        self.kind = text(loop.kind)
        self.thread: Axis | None = (
            context._axis(loop.thread) if loop.thread else None
        )
        self.intrin = text(loop.intrin) or None
        self.pragmas = tuple(
            text(lib.stage_pragma(stage._handle, loop.axis, i))
            for i in range(loop.pragmas)
        )

    def _marks(self) -> list[str]:
        marks = list(self.pragmas)
        if self.thread is not None:
            marks.append(f"bound to {self.thread.tag}")
        if self.intrin:
            marks.append(f"{self.intrin} from here")
        elif self.kind not in ("DataPar", "CommReduce", "Ordered"):
            marks.append(self.kind.lower())
        return marks

    def __str__(self) -> str:
        extent = self.axis.extent
        result = (
            self.axis.name if extent is None else f"{self.axis.name}({extent})"
        )
        marks = self._marks()
        return f"{result} [{', '.join(marks)}]" if marks else result

    __repr__ = __str__


class Stage:
    """How one tensor is computed.

    Its loops are its leaf axes, outermost first; the methods transform them.
    """

    def __init__(self, schedule: Schedule, handle: int) -> None:
        self._schedule = schedule
        self._context = schedule._context
        self._handle = handle

    # ---- Looking ------------------------------------------------------------

    @property
    def tensor(self) -> Tensor:
        """What the stage computes now: caching may have changed its body."""
        return self._context._tensor(lib.stage_tensor(self._handle))

    @property
    def name(self) -> str:
        """The tensor's name."""
        return self.tensor.name

    @property
    def axis(self) -> tuple[Axis, ...]:
        """The axes of the tensor."""
        return self.tensor.axis

    @property
    def reduce_axis(self) -> tuple[Axis, ...]:
        """The axes that the tensor reduces over."""
        return self.tensor.reduce_axis

    @property
    def scope(self) -> str:
        """Where the result is kept; empty while that is not decided."""
        return text(lib.stage_scope(self._handle))

    @property
    def is_output(self) -> bool:
        """Whether it is an output of the schedule."""
        return bool(lib.stage_is_output(self._handle))

    @property
    def loops(self) -> tuple[LoopInfo, ...]:
        """The loops, outermost first."""
        loops: list[LoopInfo] = []
        loop = Loop()
        while lib.stage_loop(self._handle, len(loops), ctypes.byref(loop)):
            loops.append(LoopInfo(self, loop))
        return tuple(loops)

    @property
    def place(self) -> str:
        """Where it is computed, in words."""
        consumer, axis = ctypes.c_void_p(), ctypes.c_void_p()
        place = lib.stage_place(
            self._handle, ctypes.byref(consumer), ctypes.byref(axis)
        )
        if place == 1:
            return "inline"
        if place == 2:
            at = text(lib.tensor_name(lib.stage_tensor(consumer)))
            return f"in {at} at {text(lib.iter_name(axis))}"
        return "input" if self.tensor.is_placeholder else "root"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Stage):
            return self._handle == other._handle
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._handle)

    def __str__(self) -> str:
        loops = " > ".join(str(loop) for loop in self.loops)
        return f"{self.name} ({self.place}, {self.scope or 'global'}): {loops}"

    def __repr__(self) -> str:
        return f"<stage {self}>"

    # ---- Loops --------------------------------------------------------------

    def _primitive(self, function: str, *args):
        return self._context._call(function, self._handle, *args)

    def _leaf(self, axis: Axis) -> int:
        if not isinstance(axis, Axis):
            raise InvalidError(f"{axis!r} is no axis", "argument")
        return self._context._own(axis)

    def _leaves(self, axes) -> tuple[int, ctypes.Array]:
        if len(axes) == 1 and isinstance(axes[0], (list, tuple)):
            axes = axes[0]
        return len(axes), pointers(self._leaf(axis) for axis in axes)

    def _note(self, handle: int, extent: int | None) -> Axis:
        """An axis that a primitive made, with its extent where known."""
        if extent is not None:
            self._context._extents[handle] = extent
        return self._context._axis(handle)

    def split(
        self, axis: Axis, factor: int | None = None, nparts: int | None = None
    ) -> tuple[Axis, Axis]:
        """Two axes for one: the inner has ``factor`` steps, or the outer
        ``nparts``."""
        if (factor is None) == (nparts is None):
            raise InvalidError(
                "split takes either factor or nparts", "argument"
            )
        outer, inner = ctypes.c_void_p(), ctypes.c_void_p()
        by = _integer(factor if nparts is None else nparts, "factor of split")
        self._primitive(
            "split" if nparts is None else "split_nparts",
            self._leaf(axis),
            by,
            ctypes.byref(outer),
            ctypes.byref(inner),
        )
        extent = axis.extent
        other = None if extent is None else -(-extent // by)
        sizes = (other, by) if nparts is None else (by, other)
        return self._note(outer.value, sizes[0]), self._note(
            inner.value, sizes[1]
        )

    def fuse(self, *axes: Axis) -> Axis:
        """One axis for adjacent ones, outermost first."""
        if len(axes) == 1 and isinstance(axes[0], (list, tuple)):
            axes = tuple(axes[0])
        n, handles = self._leaves(axes)
        extent: int | None = 1
        for axis in axes:
            known = axis.extent
            extent = (
                None if known is None or extent is None else extent * known
            )
        return self._note(self._primitive("fuse", n, handles), extent)

    def reorder(self, *axes: Axis) -> None:
        """Puts the axes, in this order, into the places they now have."""
        self._primitive("reorder", *self._leaves(axes))

    def tile(
        self, x: Axis, y: Axis, x_factor: int, y_factor: int
    ) -> tuple[Axis, Axis, Axis, Axis]:
        """Splits x and y; the order is x outer, y outer, x inner, y inner."""
        made = (ctypes.c_void_p * 4)()
        x_factor = _integer(x_factor, "factor of tile")
        y_factor = _integer(y_factor, "factor of tile")
        self._primitive(
            "tile", self._leaf(x), self._leaf(y), x_factor, y_factor, made
        )
        sizes = [
            None if e is None else -(-e // f)
            for e, f in ((x.extent, x_factor), (y.extent, y_factor))
        ] + [x_factor, y_factor]
        first, second, third, fourth = (
            self._note(handle, size) for handle, size in zip(made, sizes)
        )
        return first, second, third, fourth

    def bind(self, axis: Axis, thread: Axis | str = "cthread") -> None:
        """Makes the loop a virtual thread: of a thread axis, or of a tag for
        a new one."""
        if isinstance(thread, str):
            thread = self._context.thread_axis(thread)
        self._primitive("bind", self._leaf(axis), self._leaf(thread))

    def unroll(self, axis: Axis) -> None:
        """The loop is written out."""
        self._primitive("unroll", self._leaf(axis))

    def vectorize(self, axis: Axis) -> None:
        """The steps of the loop are done at once."""
        self._primitive("vectorize", self._leaf(axis))

    def parallel(self, axis: Axis) -> None:
        """The steps of the loop may be done at the same time."""
        self._primitive("parallel", self._leaf(axis))

    def pragma(
        self, axis: Axis, name: str, value: ExprLike | None = None
    ) -> None:
        """Marks the loop for a pass: ``"dma_copy"`` and ``"alu"`` say which
        unit runs it."""
        context = self._context
        handle = None if value is None else context.expr(value)._handle
        self._primitive(
            "pragma_value", self._leaf(axis), name.encode(), handle
        )

    def tensorize(self, axis: Axis, intrin: Intrin | None = None) -> None:
        """Replaces the loops from the axis inwards by an intrinsic: the
        accelerator's matrix multiply unless another one is given."""
        context = self._context
        if intrin is None:
            handle = context._call("intrin_gemm")
        else:
            handle = context._own(intrin)
        self._primitive("tensorize", self._leaf(axis), handle)

    # ---- Places -------------------------------------------------------------

    def compute_at(self, consumer: Stage, axis: Axis) -> None:
        """Computes it inside a loop of a stage that uses it."""
        if not isinstance(consumer, Stage):
            raise InvalidError(
                f"{consumer!r} is no stage", "argument", "write s[tensor]"
            )
        self._primitive(
            "compute_at", self._context._own(consumer), self._leaf(axis)
        )

    def compute_root(self) -> None:
        """Computes it in loops of its own."""
        self._primitive("compute_root")

    def compute_inline(self) -> None:
        """Computes it in the expression of each reader."""
        self._primitive("compute_inline")

    def set_scope(self, scope: str) -> None:
        """Keeps the result in a memory: ``"global"``, or one of the
        accelerator such as ``"local.acc_buffer"``."""
        self._primitive("set_scope", scope.encode())


def _integer(value, what: str) -> int:
    try:
        return value.__index__()
    except (AttributeError, TypeError):
        raise InvalidError(
            f"the {what} is {value!r}; it must be an integer", "argument"
        ) from None


def schedule(outputs: Tensor | Sequence[Tensor]) -> Schedule:
    """The untouched schedule of the outputs and all they need."""
    first = (
        outputs
        if isinstance(outputs, Tensor)
        else (list(outputs) or [None])[0]
    )
    if not isinstance(first, Tensor):
        raise InvalidError(
            "a schedule needs at least one tensor as output", "argument"
        )
    return first._context.schedule(outputs)
