# SPDX-License-Identifier: Apache-2.0
"""What operators' tests take from relay; networks are not compiled."""
from .._missing import getattr_of
from . import nn

__getattr__ = getattr_of(__name__)

__all__ = ["nn"]
