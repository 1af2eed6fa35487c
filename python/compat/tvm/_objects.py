# SPDX-License-Identifier: Apache-2.0
"""vtac's objects under the names and with the members of te's."""
from __future__ import annotations

from vtac.errors import InvalidError
from vtac.expr import Axis, Expr
from vtac.schedule import Schedule as _Schedule
from vtac.schedule import Stage as _Stage
from vtac.tensor import Slice as TensorSlice
from vtac.tensor import Tensor as _Tensor


class IntImm(int):
    """An integer constant, such as an extent."""

    dtype = "int32"

    @property
    def value(self) -> int:
        """The number."""
        return int(self)

    def astype(self, dtype: str):
        """The same number as another type."""
        from .te import const

        return const(int(self), dtype)


class _Members:
    """What all expressions of the reference have."""

    __slots__ = ()

    def same_as(self, other) -> bool:
        """Whether it is the same object."""
        return (
            isinstance(other, (Expr, Axis)) and self._handle == other._handle
        )

    def equal(self, other):
        """The comparison as an expression."""
        return self._binary("equal", other)

    def __neg__(self):
        return self * -1

    def asobject(self):
        """Itself."""
        return self


class PrimExpr(_Members, Expr):
    """A scalar expression."""

    __slots__ = ()
    __hash__ = Expr.__hash__

    @property
    def value(self):
        """The value of a constant, or of what a node is made of."""
        constant = self.constant
        return self.__getattr__("value") if constant is None else constant

    def __getattr__(self, name: str):
        """The members of nodes, by their kinds."""
        if name.startswith("_"):
            raise AttributeError(name)
        from .tir.nodes import member

        return member(self, name)


class Range:
    """A range of indices."""

    def __init__(self, values: range) -> None:
        self.min = IntImm(values.start)
        self.extent = IntImm(len(values))

    def __repr__(self) -> str:
        return f"range(min={self.min}, ext={self.extent})"


class IterVar(_Members, Axis):
    """An iteration variable."""

    __slots__ = ()
    __hash__ = Axis.__hash__

    @property
    def var(self) -> PrimExpr:
        """The variable: an operand, where the axis itself says an axis."""
        return self._context.expr(self)

    @property
    def dom(self) -> Range | None:
        """Its range, where that is known."""
        values = self.range
        return None if values is None else Range(values)

    @property
    def thread_tag(self) -> str:
        """The tag of a thread axis."""
        return self.tag


# ---- Operations -------------------------------------------------------------


class Operation:
    """What computes a tensor."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    def output(self, index: int) -> Tensor:
        """The one result."""
        if index != 0:
            raise InvalidError(f"operation '{self.name}' has one result")
        return self._tensor

    num_outputs = 1

    @property
    def name(self) -> str:
        """The tensor's name."""
        return self._tensor.name

    @property
    def tag(self) -> str:
        """How an operator library marked it."""
        return self._tensor.tag

    @property
    def attrs(self) -> dict:
        """Operations have no attributes here."""
        return {}

    @property
    def input_tensors(self) -> list:
        """The tensors it reads, in the order of their use."""
        return list(self._tensor.inputs)

    def same_as(self, other) -> bool:
        """Whether it is the same operation."""
        return self == other

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Operation):
            return self._tensor == other._tensor
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._tensor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._tensor!r})"


class PlaceholderOp(Operation):
    """An input."""

    @property
    def shape(self) -> tuple:
        """The extents."""
        return self._tensor.shape

    @property
    def dtype(self) -> str:
        """The type of the elements."""
        return self._tensor.dtype


class BaseComputeOp(Operation):
    """What has axes."""

    @property
    def axis(self) -> list:
        """One axis for each dimension."""
        return list(self._tensor.axis)

    @property
    def reduce_axis(self) -> list:
        """The axes it reduces over."""
        return list(self._tensor.reduce_axis)


class ComputeOp(BaseComputeOp):
    """A compute."""

    @property
    def body(self) -> list:
        """The one expression."""
        return [self._tensor.body]


def tensor_object(context, handle) -> Tensor:
    """The tensor as te shows it."""
    return Tensor(context, handle)


class Tensor(_Tensor):
    """An input, or the result of an operation."""

    value_index = 0

    @property
    def shape(self) -> tuple:
        """The extents, as constants."""
        return tuple(IntImm(extent) for extent in _Tensor.shape.fget(self))

    @property
    def op(self) -> Operation:
        """What computes it."""
        return (PlaceholderOp if self.is_placeholder else ComputeOp)(self)

    def same_as(self, other) -> bool:
        """Whether it is the same tensor."""
        return self == other


# ---- Schedules --------------------------------------------------------------


def as_tensor(thing):
    """The tensor of a tensor, operation or stage."""
    if isinstance(thing, Operation):
        return thing.output(0)
    if isinstance(thing, Stage):
        return thing.tensor
    return thing


class Schedule(_Schedule):
    """A schedule, indexed by tensors and operations."""

    def __getitem__(self, key) -> Stage:
        return super().__getitem__(as_tensor(key))

    def cache_read(self, tensor, scope, readers):
        """A copy of the tensor that the readers read instead."""
        if not isinstance(readers, (list, tuple)):
            readers = [readers]
        return super().cache_read(
            as_tensor(tensor), scope, [as_tensor(reader) for reader in readers]
        )

    def cache_write(self, tensor, scope):
        """The tensor is computed in ``scope`` and then copied."""
        several = isinstance(tensor, (list, tuple))
        if several and len(tensor) != 1:
            raise InvalidError("cache_write takes one tensor", "argument")
        made = super().cache_write(
            as_tensor(tensor[0] if several else tensor), scope
        )
        return [made] if several else made

    @property
    def outputs(self) -> list:
        """The operations whose results are wanted."""
        return [stage.op for stage in self.stages if stage.is_output]

    def normalize(self) -> Schedule:
        """Lowering does that."""
        return self

    def rfactor(self, *arguments):
        """Not there."""
        from ._missing import attribute_error

        raise attribute_error("tvm.te.Schedule", "rfactor")


class Stage(_Stage):
    """How one operation is computed."""

    @property
    def op(self) -> Operation:
        """The operation, as caching left it."""
        return self.tensor.op

    @property
    def leaf_iter_vars(self) -> list:
        """The loops, outermost first."""
        return [loop.axis for loop in self.loops]

    def split(self, parent, factor=None, nparts=None):
        """Two axes for one."""
        return list(super().split(parent, factor, nparts))

    def tile(self, x_parent, y_parent, x_factor, y_factor):
        """Splits two axes into blocks."""
        return list(super().tile(x_parent, y_parent, x_factor, y_factor))

    def bind(self, ivar, thread_ivar) -> None:
        """Makes the loop a virtual thread."""
        super().bind(ivar, thread_ivar)

    def compute_at(self, parent, scope) -> None:
        """Computes it inside a loop of a stage that uses it."""
        super().compute_at(parent, scope)

    def unroll(self, var) -> None:
        """The loop is written out."""
        super().unroll(var)

    def vectorize(self, var) -> None:
        """The steps of the loop are done at once."""
        super().vectorize(var)

    def parallel(self, var) -> None:
        """The steps of the loop may be done at the same time."""
        super().parallel(var)

    def pragma(self, var, pragma_type, pragma_value=None) -> None:
        """Marks the loop for a pass."""
        super().pragma(var, pragma_type, pragma_value)

    def tensorize(self, var, tensor_intrin) -> None:
        """Replaces the loops from here inwards by an intrinsic."""
        resolve = getattr(tensor_intrin, "intrin_for", None)
        super().tensorize(
            var, resolve(self._context) if resolve else tensor_intrin
        )


__all__ = [
    "BaseComputeOp",
    "ComputeOp",
    "IntImm",
    "IterVar",
    "Operation",
    "PlaceholderOp",
    "PrimExpr",
    "Range",
    "Schedule",
    "Stage",
    "Tensor",
    "TensorSlice",
    "as_tensor",
    "tensor_object",
]
