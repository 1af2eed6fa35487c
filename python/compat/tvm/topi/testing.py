# SPDX-License-Identifier: Apache-2.0
"""Operators in numpy, to compare results with.

Integers are multiplied as floats where no rounding can happen: numpy has
fast products of floats only.
"""
from __future__ import annotations

from .._missing import getattr_of


def _padding(padding, kernel) -> tuple[int, int, int, int]:
    """(top, left, bottom, right)"""
    if isinstance(padding, str):
        if padding == "VALID":
            return 0, 0, 0, 0
        height, width = (size - 1 for size in kernel)
        top, left = height // 2, width // 2
        return top, left, height - top, width - left
    if isinstance(padding, int):
        return (padding,) * 4
    if len(padding) == 2:
        return (*padding, *padding)
    return tuple(padding)


def _exact_type(a, w, terms: int):
    """The narrowest float type that holds every partial sum exactly."""
    import numpy as np

    if a.dtype.kind == "f":
        return a.dtype
    largest = [max(abs(int(x.min())), abs(int(x.max()))) for x in (a, w)]
    bound = largest[0] * largest[1] * terms
    if bound < 2**24:
        return np.float32
    return np.float64 if bound < 2**53 else a.dtype


def _windows(a, kernel, stride):
    """The input under each place of the kernel, as columns of a matrix."""
    import numpy as np

    view = np.lib.stride_tricks.sliding_window_view(a, kernel, (2, 3))
    return view[:, :, :: stride[0], :: stride[1]]


def _product(w, columns, terms: int):
    """w x columns; sums of many terms are made in parts that stay exact as
    narrow floats."""
    import numpy as np

    exact = _exact_type(columns, w, terms)
    if exact != np.float64 or columns.dtype.kind == "f":
        return (w.astype(exact) @ columns.astype(exact)).astype(columns.dtype)
    part = 1
    while part < terms and _exact_type(columns, w, 2 * part) == np.float32:
        part *= 2
    if part < 256:
        product = w.astype(np.float64) @ columns.astype(np.float64)
        return product.astype(columns.dtype)
    w, columns32 = w.astype(np.float32), columns.astype(np.float32)
    result = np.zeros((w.shape[0], columns.shape[1]), columns.dtype)
    for i in range(0, terms, part):
        result += (w[:, i : i + part] @ columns32[i : i + part]).astype(
            columns.dtype
        )
    return result


def _conv2d(a_np, w_np, stride, padding):
    import numpy as np

    kernel = w_np.shape[2:]
    top, left, bottom, right = _padding(padding, kernel)
    padded = np.pad(a_np, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = _windows(padded, kernel, stride)
    height, width = windows.shape[2:4]
    terms = a_np.shape[1] * kernel[0] * kernel[1]
    result = np.empty(
        (a_np.shape[0], w_np.shape[0], height, width), a_np.dtype
    )
    flat = w_np.reshape(w_np.shape[0], terms)
    for n, image in enumerate(windows):
        columns = image.transpose(0, 3, 4, 1, 2).reshape(terms, height * width)
        result[n] = _product(flat, columns, terms).reshape(-1, height, width)
    return result


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d_nchw_python(a_np, w_np, stride, padding, groups=1):
    """A convolution of (N, C, H, W) with (O, C / groups, KH, KW)."""
    import numpy as np

    a_parts = np.array_split(a_np, groups, axis=1)
    w_parts = np.array_split(w_np, groups, axis=0)
    parts = [
        _conv2d(a, w, _pair(stride), padding) for a, w in zip(a_parts, w_parts)
    ]
    return np.concatenate(parts, axis=1)


def conv2d_transpose_nchw_python(
    a_np, w_np, stride, padding, output_padding=(0, 0)
):
    """The gradient of a convolution: (N, I, H, W) with (I, O, KH, KW)."""
    import numpy as np

    stride, more = _pair(stride), _pair(output_padding)
    kernel = w_np.shape[2:]
    top, left, bottom, right = _padding(padding, kernel)
    n, channels, height, width = a_np.shape
    dilated = np.zeros(
        (
            n,
            channels,
            (height - 1) * stride[0] + 1,
            (width - 1) * stride[1] + 1,
        ),
        a_np.dtype,
    )
    dilated[:, :, :: stride[0], :: stride[1]] = a_np
    around = (
        kernel[0] - 1 - top,
        kernel[1] - 1 - left,
        kernel[0] - 1 - bottom + more[0],
        kernel[1] - 1 - right + more[1],
    )
    flipped = w_np[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    return _conv2d(dilated, flipped, (1, 1), around)


def dense(x, y, bias=None, use_bias=False, use_relu=False, out_dtype=None):
    """x by the transpose of y."""
    import numpy as np

    result = np.dot(x.astype(out_dtype), y.T.astype(out_dtype))
    if use_bias:
        result = result + bias
    return np.maximum(result, 0) if use_relu else result


__getattr__ = getattr_of(__name__)

__all__ = ["conv2d_nchw_python", "conv2d_transpose_nchw_python", "dense"]
