# SPDX-License-Identifier: Apache-2.0
"""Ready-made layers of neural networks, scheduled for the accelerator.

All tensors have the packed layout that ``include/vtac/ops.h`` describes;
:func:`pack` and :func:`unpack` convert. Sizes and tiles are in elements; a tile
of 0 is chosen.
"""
from __future__ import annotations

import ctypes

from ._library import lib
from .errors import InvalidError
from .lower import Lowered, build, lower
from .module import Module
from .schedule import Schedule
from .tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    import numpy

    from .context import Context

STAGES = {"default": 0, "tiled": 1, "vta": 2}


class _GemmParams(ctypes.Structure):
    """vtac_gemm_params"""

    _fields_ = [
        (name, ctypes.c_int64)
        for name in "batch in out tile_batch tile_in tile_out".split()
    ] + [(name, ctypes.c_int) for name in "shift vthreads bias".split()]


class _Conv2dParams(ctypes.Structure):
    """vtac_conv2d_params"""

    _fields_ = [
        (name, ctypes.c_int64)
        for name in (
            "batch in_channels out_channels height width kernel_height"
            " kernel_width pad_height pad_width stride_height stride_width"
            " tile_batch tile_out_channels tile_in_channels tile_height"
            " tile_width"
        ).split()
    ] + [(name, ctypes.c_int) for name in "vthreads shift bias groups".split()]


class Operator:
    """Tensors and their schedule."""

    def __init__(self, context: Context, handle: int, name: str) -> None:
        self._context = context
        self._handle = handle
        self.name = name

    def schedule_to(self, stage: str) -> Operator:
        """Takes the schedule on: ``"default"``, ``"tiled"`` or ``"vta"``."""
        if stage not in STAGES:
            raise InvalidError(
                f"there is no stage {stage!r} of scheduling",
                "argument",
                "use one of " + ", ".join(STAGES),
            )
        self._context._call("op_schedule_to", self._handle, STAGES[stage])
        return self

    @property
    def schedule(self) -> Schedule:
        """The schedule, as far as it has been taken."""
        schedule = Schedule.__new__(Schedule)
        schedule._context = self._context
        schedule._handle = lib.op_schedule(self._handle)
        return schedule

    @property
    def args(self) -> tuple[Tensor, ...]:
        """The function's parameters, in order."""
        found = ctypes.POINTER(ctypes.c_void_p)()
        n = lib.op_args(self._handle, ctypes.byref(found))
        return tuple(self._context._tensor(found[i]) for i in range(n))

    def lower(self, **options) -> Lowered:
        """The text of the function, as :func:`vtac.lower` gives it."""
        return lower(self.schedule, self.args, **options)

    def build(self, **options) -> Module:
        """A module, after the whole of the schedule."""
        self.schedule_to("vta")
        return build(self.schedule, self.args, self.name, **options)

    def __repr__(self) -> str:
        return f"<operator {self.name}>\n{self.schedule}"

    def _repr_html_(self) -> str:
        return self.schedule._repr_html_()


def _declare(name: str, kind, values: dict, context: Context | None) -> Operator:
    from .context import current

    context = context or current()
    params = kind(**values)
    return Operator(context, context._call(name, ctypes.byref(params)), name)


def gemm(
    batch: int,
    in_: int,
    out: int,
    *,
    tile_batch: int = 0,
    tile_in: int = 0,
    tile_out: int = 0,
    shift: int = 8,
    vthreads: int = 0,
    bias: bool = False,
    context: Context | None = None,
) -> Operator:
    """``clip((data x weight^T + bias) >> shift, 0, largest activation)``."""
    values = dict(
        batch=batch,
        out=out,
        tile_batch=tile_batch,
        tile_in=tile_in,
        tile_out=tile_out,
        shift=shift,
        vthreads=vthreads,
        bias=bias,
    )
    values["in"] = in_
    return _declare("gemm", _GemmParams, values, context)


def dense(batch: int, in_: int, out: int, **options) -> Operator:
    """:func:`gemm` with a bias."""
    context = options.pop("context", None)
    values = dict(batch=batch, out=out, shift=8, **options)
    values["in"] = in_
    return _declare("dense", _GemmParams, values, context)


def _conv(name, batch, in_channels, out_channels, size, kernel, options):
    context = options.pop("context", None)
    pad, stride = (_pair(options.pop(k, d)) for k, d in (("pad", 0), ("stride", 1)))
    (height, width), kernel = _pair(size), _pair(kernel)
    values = dict(
        batch=batch,
        in_channels=in_channels,
        out_channels=out_channels,
        height=height,
        width=width,
        kernel_height=kernel[0],
        kernel_width=kernel[1],
        pad_height=pad[0],
        pad_width=pad[1],
        stride_height=stride[0],
        stride_width=stride[1],
    )
    values.update({"shift": 8, **options})
    unknown = set(values) - {field for field, _ in _Conv2dParams._fields_}
    if unknown:
        raise TypeError(f"{name} has no option {sorted(unknown)[0]!r}")
    return _declare(name, _Conv2dParams, values, context)


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(
    batch: int, in_channels: int, out_channels: int, size, kernel, **options
) -> Operator:
    """``clip((data * kernel + bias) >> shift, 0, largest activation)``.

    ``size`` and ``kernel`` are (height, width) or one number, as are the
    options ``pad`` and ``stride``; further options are ``tile_batch``,
    ``tile_out_channels``, ``tile_in_channels``, ``tile_height``,
    ``tile_width``, ``vthreads``, ``shift``, ``bias`` and ``context``.
    """
    return _conv(
        "conv2d", batch, in_channels, out_channels, size, kernel, options
    )


def group_conv2d(
    batch: int,
    in_channels: int,
    out_channels: int,
    size,
    kernel,
    groups: int,
    **options,
) -> Operator:
    """:func:`conv2d` within groups of channels."""
    options["groups"] = groups
    return _conv(
        "group_conv2d", batch, in_channels, out_channels, size, kernel, options
    )


def depthwise_conv2d(
    batch: int, channels: int, size, kernel, **options
) -> Operator:
    """:func:`conv2d` of each channel by itself."""
    options.setdefault("groups", channels)
    return _conv(
        "depthwise_conv2d", batch, channels, channels, size, kernel, options
    )


# ---- Layouts ----------------------------------------------------------------


def pack(array, rows: int, columns: int) -> numpy.ndarray:
    """(N, C, …) as (N/rows, C/columns, …, rows, columns).

    Parts of blocks are filled with zeros.
    """
    import numpy

    array = numpy.asarray(array)
    n, c = array.shape[:2]
    fill = [(0, -n % rows), (0, -c % columns)] + [(0, 0)] * (array.ndim - 2)
    if any(after for _, after in fill):
        array = numpy.pad(array, fill)
    n, c = array.shape[:2]
    rest = array.shape[2:]
    split = array.reshape(n // rows, rows, c // columns, columns, *rest)
    inner = range(4, 4 + len(rest))
    return numpy.ascontiguousarray(split.transpose(0, 2, *inner, 1, 3))


def unpack(array, n: int | None = None, c: int | None = None) -> numpy.ndarray:
    """The inverse of :func:`pack`; ``n`` and ``c`` cut the fillings off."""
    import numpy

    array = numpy.asarray(array)
    blocks_n, blocks_c, *rest, rows, columns = array.shape
    last = array.ndim - 1
    order = (0, last - 1, 1, last, *range(2, last - 1))
    whole = array.transpose(order).reshape(
        blocks_n * rows, blocks_c * columns, *rest
    )
    return numpy.ascontiguousarray(whole[:n, :c])
