# SPDX-License-Identifier: Apache-2.0
"""Running test programs."""
from tvm._missing import getattr_of

from . import simulator, utils
from .utils import run

__getattr__ = getattr_of(__name__)

__all__ = ["run", "simulator", "utils"]
