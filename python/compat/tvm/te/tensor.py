# SPDX-License-Identifier: Apache-2.0
"""Tensors and operations."""
from .._missing import getattr_of
from .._objects import (
    BaseComputeOp,
    ComputeOp,
    Operation,
    PlaceholderOp,
    Tensor,
    TensorSlice,
)

__getattr__ = getattr_of(__name__)

__all__ = [
    "BaseComputeOp",
    "ComputeOp",
    "Operation",
    "PlaceholderOp",
    "Tensor",
    "TensorSlice",
]
