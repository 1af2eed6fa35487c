# SPDX-License-Identifier: Apache-2.0
"""The accelerator's operators as te computes with their schedules."""
from tvm._missing import getattr_of

from . import utils
from .alu import add_packed, multiply_packed, schedule_alu_packed
from .alu import schedule_add_packed, schedule_multiply_packed
from .conv2d import (
    conv2d_packed,
    group_conv2d_packed,
    schedule_conv2d_packed,
    schedule_group_conv2d_packed,
)
from .conv2d_transpose import (
    conv2d_transpose_packed,
    schedule_conv2d_transpose_packed,
)
from .dense import dense_packed, schedule_dense_packed

__getattr__ = getattr_of(__name__)

__all__ = [
    "add_packed",
    "conv2d_packed",
    "conv2d_transpose_packed",
    "dense_packed",
    "group_conv2d_packed",
    "multiply_packed",
    "schedule_add_packed",
    "schedule_alu_packed",
    "schedule_conv2d_packed",
    "schedule_conv2d_transpose_packed",
    "schedule_dense_packed",
    "schedule_group_conv2d_packed",
    "schedule_multiply_packed",
    "utils",
]
