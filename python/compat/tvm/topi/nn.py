# SPDX-License-Identifier: Apache-2.0
"""Operators of neural networks."""
from .. import te
from .._missing import getattr_of
from . import tag


def pad(
    data,
    pad_before,
    pad_after=None,
    pad_value=0.0,
    name="PadInput",
    attrs=None,
):
    """The tensor with ``pad_value`` around it."""
    before = [int(size) for size in pad_before]
    after = [int(size) for size in pad_after] if pad_after else before
    if len(before) != len(data.shape) or len(after) != len(before):
        raise ValueError(
            f"Input dimension and pad_before dismatch :"
            f" {len(data.shape)} vs {len(before)}"
        )
    if float(pad_value) == 0.0:
        return data._context.pad(data, before, after, name)
    shape = [b + e + a for b, e, a in zip(before, data.shape, after)]

    def body(*i):
        index, inside = [], []
        for axis, b, extent, a in zip(i, before, data.shape, after):
            index.append(axis - b if b or a else axis)
            if b or a:
                inside += [axis >= b, axis < int(extent) + b]
        value = te.const(pad_value, data.dtype)
        if not inside:
            return data(*index)
        return te.if_then_else(te.all(*inside), data(*index), value)

    return data._context.compute(shape, body, name, tag.INJECTIVE + ",pad")


@te.tag_scope(tag=tag.INJECTIVE + ",dilate")
def dilate(data, strides, dilation_value=0.0, name="DilatedInput"):
    """The tensor with ``strides[k] - 1`` values between its elements."""
    if len(strides) != len(data.shape):
        raise ValueError(
            f"data dimension and strides size dismatch :"
            f" {len(data.shape)} vs {len(strides)}"
        )
    shape = [(e - 1) * s + 1 for e, s in zip(data.shape, strides)]

    def body(*i):
        index, there = [], []
        for axis, stride in zip(i, strides):
            index.append(axis if stride == 1 else axis // stride)
            if stride != 1:
                there.append((axis % stride).equal(0))
        if not there:
            return data(*index)
        value = te.const(dilation_value, data.dtype)
        return te.if_then_else(te.all(*there), data(*index), value)

    return te.compute(shape, body, name=name)


@te.tag_scope(tag=tag.ELEMWISE)
def relu(x):
    """No element below 0."""
    return te.compute(x.shape, lambda *i: te.max(x(*i), te.const(0, x.dtype)))


__getattr__ = getattr_of(__name__)

__all__ = ["dilate", "pad", "relu"]
