# SPDX-License-Identifier: Apache-2.0
"""Tensors: what is to be computed, without saying how."""
from __future__ import annotations

import ctypes

from ._library import lib, text
from .errors import InvalidError
from .expr import Axis, Expr, Operators

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .context import Context
    from .expr import ExprLike


class Tensor:
    """An input, or the result of a computation.

    ``t[i, j]`` and ``t(i, j)`` are the element at these indices, which may be
    axes, expressions and numbers.
    """

    __slots__ = ("_context", "_handle", "__dict__")

    def __init__(self, context: Context, handle: int) -> None:
        self._context = context
        self._handle = handle

    @property
    def name(self) -> str:
        """Its name, as dumps show it."""
        return text(lib.tensor_name(self._handle))

    @property
    def dtype(self) -> str:
        """The type of its elements."""
        return text(lib.tensor_dtype(self._handle))

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return lib.tensor_ndim(self._handle)

    @property
    def shape(self) -> tuple[int, ...]:
        """The extent of each dimension."""
        handle = self._handle
        return tuple(lib.tensor_dim(handle, i) for i in range(self.ndim))

    @property
    def tag(self) -> str:
        """How an operator library marked the operation."""
        return text(lib.tensor_tag(self._handle))

    @property
    def is_placeholder(self) -> bool:
        """Whether it is an input."""
        return self.body is None

    @property
    def body(self) -> Expr | None:
        """The expression that computes it; None for an input."""
        handle = lib.tensor_body(self._handle)
        return (
            self._context.expr_class(self._context, handle) if handle else None
        )

    def _axes(self, function) -> tuple[Axis, ...]:
        axes = []
        while True:
            handle = function(self._handle, len(axes))
            if not handle:
                return tuple(axes)
            axes.append(self._context.axis_class(self._context, handle))

    @property
    def axis(self) -> tuple[Axis, ...]:
        """The axes of a compute, one for each dimension."""
        return self._axes(lib.axis)

    @property
    def reduce_axis(self) -> tuple[Axis, ...]:
        """The axes that a compute reduces over."""
        return self._axes(lib.tensor_reduce_axis)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that it is computed from, in the order of their use."""
        context = self._context
        found = ctypes.POINTER(ctypes.c_void_p)()
        n = context._call("tensor_inputs", self._handle, ctypes.byref(found))
        return tuple(context._tensor(found[i]) for i in range(n))

    def __call__(self, *indices: ExprLike) -> Expr:
        return self._context.read(self, indices)

    def __getitem__(self, indices) -> Expr | Slice:
        if not isinstance(indices, tuple):
            indices = (indices,)
        if len(indices) < self.ndim:
            return Slice(self, indices)
        return self._context.read(self, indices)

    def __len__(self) -> int:
        shape = self.shape
        if not shape:
            raise TypeError("a tensor without dimensions has no length")
        return shape[0]

    def __iter__(self):
        raise TypeError("a tensor has elements only where it is computed")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Tensor):
            return self._handle == other._handle
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._handle)

    def __str__(self) -> str:
        head = f"{self.name}: {self.dtype}{list(self.shape)}"
        if self.is_placeholder:
            return head
        axes = ", ".join(axis.name for axis in self.axis)
        return f"{head}\n{self.name}[{axes}] = {self.body}"

    def __repr__(self) -> str:
        kind = "placeholder" if self.is_placeholder else "compute"
        return f"<{kind} {self.name}: {self.dtype}{list(self.shape)}>"

    def _repr_html_(self) -> str:
        from . import _table

        return _table.code(str(self))


class Slice(Operators):
    """A tensor with the first of its indices: ``t[i]`` of ``t[i][j]``."""

    __slots__ = ("_tensor", "_indices")

    def __init__(self, tensor: Tensor, indices: tuple) -> None:
        self._tensor = tensor
        self._indices = indices

    @property
    def _context(self) -> Context:
        return self._tensor._context

    @property
    def dtype(self) -> str:
        """The type of the tensor's elements."""
        return self._tensor.dtype

    def __getitem__(self, indices) -> Expr | Slice:
        if not isinstance(indices, tuple):
            indices = (indices,)
        return self._tensor[self._indices + indices]

    def __repr__(self) -> str:
        return f"<{self._tensor.name} at {len(self._indices)} indices>"


def axis_names(function: Callable, ndim: int) -> list[str] | None:
    """The names of the axes that a compute's function takes.

    They are those of its parameters; ``*i`` stands for i0, i1, …  None: the
    function does not say.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        code = getattr(getattr(function, "__call__", None), "__code__", None)
        if code is None:
            return None
    count = code.co_argcount
    names = list(code.co_varnames[:count])
    if getattr(function, "__self__", None) is not None and names:
        names = names[1:]
    variadic = bool(code.co_flags & 0x04)
    if variadic:
        rest = code.co_varnames[count + code.co_kwonlyargcount]
        names += [f"{rest}{i}" for i in range(ndim - len(names))]
    if len(names) != ndim:
        raise InvalidError(
            f"the function of the compute takes {len(names)} indices; the"
            f" shape has {ndim} dimensions",
            "argument",
            "take one parameter for each dimension, or all as *i",
        )
    return names


# ---- Functions --------------------------------------------------------------


def _current() -> Context:
    from .context import current

    return current()


def placeholder(
    shape: Sequence[int], dtype: str = "float32", name: str = "placeholder"
) -> Tensor:
    """An input."""
    return _current().placeholder(shape, dtype, name)


def compute(
    shape: Sequence[int],
    function: Callable[..., ExprLike],
    name: str = "compute",
    tag: str = "",
) -> Tensor:
    """The tensor whose element at ``(i, j, …)`` is ``function(i, j, …)``.

    The parameters of the function name the axes.
    """
    return _current().compute(shape, function, name, tag)


def reduce_axis(bounds: tuple[int, int] | int, name: str = "rv") -> Axis:
    """An axis to reduce over: from the first bound to before the second."""
    return _current().reduce_axis(bounds, name)


def thread_axis(tag: str = "cthread", name: str | None = None) -> Axis:
    """An axis to bind others to; ``"cthread"`` makes virtual threads."""
    return _current().thread_axis(tag, name)


def pad(
    tensor: Tensor,
    before: Sequence[int],
    after: Sequence[int] | None = None,
    name: str = "PadInput",
) -> Tensor:
    """The tensor with zeros around it: ``before[k]`` below dimension k."""
    return tensor._context.pad(tensor, before, after, name)


def copy(tensor: Tensor, name: str) -> Tensor:
    """An element-wise copy."""
    return tensor._context.copy(tensor, name)
