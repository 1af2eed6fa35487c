# SPDX-License-Identifier: Apache-2.0
"""Operators of the accelerator's library have the tiles that the reference
gives them without tuning records."""
from .._missing import getattr_of
from . import tophub
from .knobs import (
    FallbackConfigEntity,
    register_topi_compute,
    register_topi_schedule,
)

__getattr__ = getattr_of(__name__)

__all__ = [
    "FallbackConfigEntity",
    "register_topi_compute",
    "register_topi_schedule",
    "tophub",
]
