# SPDX-License-Identifier: Apache-2.0
"""Ready-made layers of neural networks, scheduled for the accelerator.

All tensors have the packed layout that ``include/vtac/ops.h`` describes;
:func:`pack` and :func:`unpack` convert. Sizes and tiles are in elements; a tile
of 0 is chosen.
"""
from __future__ import annotations

import ctypes

from ._library import lib, text
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


def _params(name: str, sizes: str, numbers: str):
    """The C structure ``vtac_<name>_params``: int64 sizes, then ints."""
    fields = [(field, ctypes.c_int64) for field in sizes.split()]
    fields += [(field, ctypes.c_int) for field in numbers.split()]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


_WINDOW = "pad_height pad_width stride_height stride_width"
_Gemm = _params(
    "gemm",
    "batch in out tile_batch tile_in tile_out",
    "shift vthreads bias",
)
_Conv2d = _params(
    "conv2d",
    "batch in_channels out_channels height width kernel_height kernel_width"
    f" {_WINDOW} tile_batch tile_out_channels tile_in_channels tile_height"
    " tile_width",
    "vthreads shift bias groups",
)
_Conv2dTranspose = _params(
    "conv2d_transpose",
    "batch in_channels out_channels height width kernel_height kernel_width"
    f" {_WINDOW} extra_height extra_width",
    "vthreads shift bias",
)
_Eltwise = _params(
    "eltwise", "batch channels height width", "shift wide vthreads"
)
_Pool2d = _params(
    "pool2d",
    f"batch channels height width window_height window_width {_WINDOW}",
    "wide vthreads",
)


class _Tiling(ctypes.Structure):
    """vtac_op_tiling"""

    _fields_ = [
        (name, ctypes.c_int64) for name in "batch out in height width".split()
    ] + [("vthreads", ctypes.c_int), ("over", ctypes.c_char_p)]


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

    @property
    def tiles(self) -> dict:
        """The tiles of a multiply or convolution, given or chosen, and what
        its virtual threads divide; empty for other operators."""
        tiling = _Tiling()
        if not lib.op_tiles(self._handle, ctypes.byref(tiling)):
            return {}
        values = {name: getattr(tiling, name) for name, _ in tiling._fields_}
        values["over"] = text(tiling.over)
        return values

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


def _declare(name: str, kind, values: dict, options: dict) -> Operator:
    """The operator of the C function ``vtac_<name>``."""
    from .context import current

    context = options.pop("context", None) or current()
    known = {field for field, _ in kind._fields_}
    for option in options:
        if option not in known:
            raise TypeError(f"{name} has no option {option!r}")
    params = kind(**{**values, **options})
    return Operator(context, context._call(name, ctypes.byref(params)), name)


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _sizes(**pairs) -> dict:
    """height and width of each, from a pair or one number."""
    values = {}
    for name, value in pairs.items():
        prefix = "" if name == "size" else name + "_"
        values[prefix + "height"], values[prefix + "width"] = _pair(value)
    return values


def _gemm(name, batch, in_, out, options) -> Operator:
    values = {"batch": batch, "in": in_, "out": out, "shift": 8}
    return _declare(name, _Gemm, values, options)


def gemm(batch: int, in_: int, out: int, **options) -> Operator:
    """``clip((data x weight^T + bias) >> shift, 0, largest activation)``.

    Options: ``tile_batch``, ``tile_in``, ``tile_out``, ``shift`` (8),
    ``vthreads``, ``bias``, ``context``.
    """
    return _gemm("gemm", batch, in_, out, options)


def dense(batch: int, in_: int, out: int, **options) -> Operator:
    """:func:`gemm` with a bias."""
    return _gemm("dense", batch, in_, out, options)


def _conv(name, batch, channels, size, kernel, options) -> Operator:
    pad, stride = options.pop("pad", 0), options.pop("stride", 1)
    values = _sizes(size=size, kernel=kernel, pad=pad, stride=stride)
    values.update(batch=batch, shift=8)
    values["in_channels"], values["out_channels"] = channels
    kind = _Conv2d
    if name == "conv2d_transpose":
        kind = _Conv2dTranspose
        values.update(_sizes(extra=options.pop("extra", 0)))
    return _declare(name, kind, values, options)


def conv2d(
    batch: int, in_channels: int, out_channels: int, size, kernel, **options
) -> Operator:
    """``clip((data * kernel + bias) >> shift, 0, largest activation)``.

    ``size`` and ``kernel`` are (height, width) or one number, as are the
    options ``pad`` (0) and ``stride`` (1); further options are
    ``tile_batch``, ``tile_out_channels``, ``tile_in_channels``,
    ``tile_height``, ``tile_width``, ``vthreads``, ``shift`` (8), ``bias`` and
    ``context``.
    """
    channels = in_channels, out_channels
    return _conv("conv2d", batch, channels, size, kernel, options)


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
    channels = in_channels, out_channels
    return _conv("group_conv2d", batch, channels, size, kernel, options)


def depthwise_conv2d(
    batch: int, channels: int, size, kernel, **options
) -> Operator:
    """:func:`conv2d` of each channel by itself."""
    options.setdefault("groups", channels)
    pair = channels, channels
    return _conv("depthwise_conv2d", batch, pair, size, kernel, options)


def conv2d_transpose(
    batch: int, in_channels: int, out_channels: int, size, kernel, **options
) -> Operator:
    """The transposed convolution.

    Options: ``pad`` (0), ``stride`` (1), ``extra`` rows and columns of the
    output (0), ``vthreads``, ``shift`` (8), ``bias``, ``context``.
    """
    channels = in_channels, out_channels
    return _conv("conv2d_transpose", batch, channels, size, kernel, options)


def _eltwise(name, batch, channels, size, options) -> Operator:
    values = _sizes(size=size)
    values.update(batch=batch, channels=channels)
    return _declare(name, _Eltwise, values, options)


def add(batch: int, channels: int, size, **options) -> Operator:
    """``clip((data + other) >> shift, all activations)``.

    Options: ``shift`` (0), ``wide`` (data are sums), ``vthreads``,
    ``context``.
    """
    return _eltwise("add_op", batch, channels, size, options)


def relu(batch: int, channels: int, size, **options) -> Operator:
    """``clip(data >> shift, 0, largest activation)``; options of add."""
    return _eltwise("relu", batch, channels, size, options)


def requantize(batch: int, channels: int, size, **options) -> Operator:
    """``clip(data >> shift, all activations)`` of sums; options of add."""
    options.setdefault("wide", 1)
    return _eltwise("requantize", batch, channels, size, options)


def _pool(name, batch, channels, size, window, options) -> Operator:
    pad, stride = options.pop("pad", 0), options.pop("stride", window)
    values = _sizes(size=size, window=window, pad=pad, stride=stride)
    values.update(batch=batch, channels=channels)
    return _declare(name, _Pool2d, values, options)


def max_pool2d(batch: int, channels: int, size, window, **options) -> Operator:
    """The largest of each window.

    Options: ``pad`` (0), ``stride`` (the window), ``wide`` (data are sums),
    ``vthreads``, ``context``.
    """
    return _pool("max_pool2d", batch, channels, size, window, options)


def avg_pool2d(batch: int, channels: int, size, window, **options) -> Operator:
    """The mean of each window, rounded; options of max_pool2d."""
    return _pool("avg_pool2d", batch, channels, size, window, options)


def global_avg_pool2d(batch: int, channels: int, size, **options) -> Operator:
    """The mean of the image, rounded; options of max_pool2d."""
    return _pool("global_avg_pool2d", batch, channels, size, size, options)


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
