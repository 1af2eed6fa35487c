# SPDX-License-Identifier: Apache-2.0
"""Tags by which schedules tell operations apart."""
from .._missing import getattr_of

ELEMWISE = "elemwise"
BROADCAST = "broadcast"
INJECTIVE = "injective"
COMM_REDUCE = "comm_reduce"
COMM_REDUCE_IDX = "comm_reduce_idx"


def is_broadcast(tag: str) -> bool:
    """Whether each element comes of one of each operand."""
    return tag.startswith((ELEMWISE, BROADCAST))


def is_injective(tag: str) -> bool:
    """Whether no element of an operand is needed twice."""
    return tag.startswith((ELEMWISE, BROADCAST, INJECTIVE))


__getattr__ = getattr_of(__name__)

__all__ = [
    "BROADCAST",
    "COMM_REDUCE",
    "COMM_REDUCE_IDX",
    "ELEMWISE",
    "INJECTIVE",
    "is_broadcast",
    "is_injective",
]
