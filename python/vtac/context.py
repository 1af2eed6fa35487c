# SPDX-License-Identifier: Apache-2.0
"""Contexts: what owns expressions, tensors and schedules.

Nobody has to make one.  Each thread has a context of its own for the built-in
configuration, which lives as long as something made in it; ``with
Context(config):`` makes another one current.  Objects of two contexts can't be
mixed.
"""
from __future__ import annotations

import ctypes
import threading
import weakref

from ._library import Error, integers, lib, pointers, text
from .config import Config, as_config
from .errors import InvalidError
from .expr import Axis, Expr, not_an_expression
from .intrin import Stmt
from .schedule import Schedule, Stage
from .tensor import Slice, Tensor, axis_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .expr import ExprLike


class Context:
    """Owns what is declared and scheduled for one accelerator."""

    expr_class = Expr
    stmt_class = Stmt
    axis_class = Axis
    tensor_class = Tensor
    schedule_class = Schedule
    stage_class = Stage

    def __init__(self, config: Config | None = None) -> None:
        self.config = as_config(config)
        error = Error()
        self._handle = lib.context_new(
            self.config._handle, ctypes.byref(error)
        )
        if not self._handle:
            raise error.exception()
        self._lock = threading.RLock()
        self._extents: dict[int, int] = {}  # of axes that primitives made

    def __enter__(self) -> Context:
        _local.stack.append(self)
        return self

    def __exit__(self, *exception) -> None:
        _local.stack.remove(self)

    def __repr__(self) -> str:
        rows, columns = self.config["BATCH"], self.config["BLOCK_OUT"]
        return f"<Context for {rows}x{columns} tiles>"

    def __del__(self, _free=lib.context_free) -> None:
        if self.__dict__.get("_handle"):
            _free(self._handle)

    # ---- Calls --------------------------------------------------------------

    def _call(self, function: str, *args):
        """Calls ``vtac_<function>`` on the context; raises what it left."""
        with self._lock:
            result = getattr(lib, function)(self._handle, *args)
            failed = lib.context_error(self._handle)
            if failed:
                error = Error.from_address(failed).exception()
                lib.context_clear_error(self._handle)
                raise error
        return result

    def _text(self, function: str, *args) -> str:
        return text(self._call(function, *args))

    def _expr(self, function: str, *args) -> Expr:
        return self.expr_class(self, self._call(function, *args))

    def _stmt(self, function: str, *args) -> Stmt:
        return self.stmt_class(self, self._call(function, *args))

    def _node(self, handle: int | None) -> Expr | None:
        """The expression that a handle is."""
        return self.expr_class(self, handle) if handle else None

    def _keep(self, thing):
        """Told of each node that is made or found."""
        return thing

    def _axis(self, handle: int) -> Axis:
        return self.axis_class(self, handle)

    def _tensor(self, handle: int) -> Tensor:
        return self.tensor_class(self, handle)

    def _own(self, thing) -> int:
        """The handle of something that must belong to this context."""
        if getattr(thing, "_context", None) is not self:
            if not hasattr(thing, "_context"):
                raise not_an_expression(thing)
            raise InvalidError(
                f"{thing!r} belongs to another context",
                "argument",
                "declare and schedule a program in one context; each thread"
                " has its own unless 'with context:' says otherwise",
            )
        return thing._handle

    # ---- Expressions --------------------------------------------------------

    def expr(self, value: ExprLike) -> Expr:
        """The value as an expression."""
        if isinstance(value, Expr):
            self._own(value)
            return value
        if isinstance(value, Axis):
            return self._expr("iter_expr", self._own(value))
        if isinstance(value, Slice):
            raise not_an_expression(value)
        if isinstance(value, Tensor):
            if value.ndim == 0:
                return self.read(value, ())
            raise not_an_expression(value)
        if isinstance(value, bool):
            return self._expr("const", b"bool", float(value))
        if isinstance(value, int):
            return self._int(value)
        if isinstance(value, float):
            return self._expr("const", b"float32", value)
        return self._foreign(value)

    def _int(self, value: int) -> Expr:
        if not -(2**63) <= value < 2**63:
            raise InvalidError(f"{value} is no 64-bit integer", "argument")
        return self._expr("int", value)

    def _foreign(self, value) -> Expr:
        """numpy's scalars, which are no Python numbers."""
        kind = getattr(getattr(value, "dtype", None), "kind", None)
        if getattr(value, "ndim", None) == 0 and kind in ("i", "u", "f", "b"):
            return self.const(value.item(), str(value.dtype))
        raise not_an_expression(value)

    def const(self, value: int | float, dtype: str = "int32") -> Expr:
        """A constant of any type."""
        if isinstance(value, Expr):
            return self.cast(dtype, value)
        if isinstance(value, int) and abs(value) > 2**53:
            return self._expr("cast", dtype.encode(), self._int(value)._handle)
        return self._expr("const", dtype.encode(), float(value))

    def cast(self, dtype: str, value: ExprLike) -> Expr:
        """The value converted to another type."""
        return self._expr("cast", dtype.encode(), self.expr(value)._handle)

    def read(self, tensor: Tensor, indices: Sequence[ExprLike]) -> Expr:
        """The element of the tensor at these indices."""
        handles = pointers(self.expr(index)._handle for index in indices)
        return self._expr("read", self._own(tensor), len(indices), handles)

    def call(self, dtype: str, operation: str, *args: ExprLike) -> Expr:
        """A call of an operator of the IR by its printed name."""
        handles = pointers(self.expr(arg)._handle for arg in args)
        return self._expr(
            "call", dtype.encode(), operation.encode(), len(args), handles
        )

    def call_extern(self, dtype: str, function: str, *args: ExprLike) -> Expr:
        """A call of a function outside the module."""
        handles = pointers(self.expr(arg)._handle for arg in args)
        return self._expr(
            "call_extern",
            dtype.encode(),
            function.encode(),
            len(args),
            handles,
        )

    def _binary(self, function: str, a: ExprLike, b: ExprLike) -> Expr:
        return self._expr(function, self.expr(a)._handle, self.expr(b)._handle)

    def _choice(self, function: str, *operands: ExprLike) -> Expr:
        return self._expr(
            function, *(self.expr(value)._handle for value in operands)
        )

    # ---- Tensors ------------------------------------------------------------

    def placeholder(
        self,
        shape: Sequence[int],
        dtype: str = "float32",
        name: str = "placeholder",
    ) -> Tensor:
        """An input."""
        shape = shape_of(shape)
        return self._tensor(
            self._call(
                "placeholder",
                name.encode(),
                str(dtype).encode(),
                len(shape),
                integers(shape),
            )
        )

    def compute(
        self,
        shape: Sequence[int],
        function: Callable[..., ExprLike],
        name: str = "compute",
        tag: str = "",
    ) -> Tensor:
        """The tensor whose element at (i, j, …) is ``function(i, j, …)``."""
        shape = shape_of(shape)
        ndim = len(shape)
        names = axis_names(function, ndim)
        c_names = None
        if names:
            c_names = (ctypes.c_char_p * ndim)(*(n.encode() for n in names))
        axes = (ctypes.c_void_p * max(ndim, 1))()
        self._call("axes", ndim, integers(shape), c_names, axes)
        body = function(*(self._axis(axes[i]) for i in range(ndim)))
        if isinstance(body, (list, tuple)):
            raise InvalidError(
                f"the function of compute '{name}' returns {len(body)} values",
                "argument",
                "return one expression; a compute has one result",
            )
        return self._tensor(
            self._call(
                "compute_tagged",
                name.encode(),
                tag.encode(),
                ndim,
                axes,
                self.expr(body)._handle,
            )
        )

    def reduce_axis(
        self, bounds: tuple[int, int] | int, name: str = "rv"
    ) -> Axis:
        """An axis to reduce over: from the first bound to before the second."""
        low, high = (0, bounds) if isinstance(bounds, int) else bounds
        return self._axis(
            self._call("reduce_axis", int(low), int(high), name.encode())
        )

    def thread_axis(
        self, tag: str = "cthread", name: str | None = None
    ) -> Axis:
        """An axis to bind others to."""
        return self._axis(
            self._call(
                "thread_axis_named", tag.encode(), (name or tag).encode()
            )
        )

    def pad(
        self,
        tensor: Tensor,
        before: Sequence[int],
        after: Sequence[int] | None = None,
        name: str = "PadInput",
    ) -> Tensor:
        """The tensor with zeros around it."""
        for sizes in (before, after):
            if sizes and len(sizes) != tensor.ndim:
                raise InvalidError(
                    f"pad of '{tensor.name}' has {len(sizes)} sizes; the"
                    f" tensor has {tensor.ndim} dimensions",
                    "argument",
                )
        return self._tensor(
            self._call(
                "pad",
                self._own(tensor),
                integers(before),
                integers(after) if after else None,
                name.encode(),
            )
        )

    def copy(self, tensor: Tensor, name: str) -> Tensor:
        """An element-wise copy."""
        return self._tensor(
            self._call("copy", self._own(tensor), name.encode())
        )

    def schedule(self, outputs: Tensor | Sequence[Tensor]) -> Schedule:
        """The untouched schedule of the outputs and all they need."""
        return self.schedule_class(self, outputs)


def shape_of(shape) -> list[int]:
    """The extents as integers."""
    if isinstance(shape, int):
        shape = (shape,)
    result = []
    for extent in shape:
        try:
            result.append(extent.__index__())
        except (AttributeError, TypeError):
            raise InvalidError(
                f"{extent!r} is no extent of a dimension",
                "argument",
                "extents are integers",
            ) from None
    return result


class _Local(threading.local):
    """The contexts of one thread."""

    def __init__(self) -> None:
        self.stack: list[Context] = []
        self.default: Callable[[], Context | None] = lambda: None


_local = _Local()


def current() -> Context:
    """The context of this thread that new objects are made in."""
    if _local.stack:
        return _local.stack[-1]
    context = _local.default()
    if context is None:
        context = Context()
        _local.default = weakref.ref(context)
    return context
