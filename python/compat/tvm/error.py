# SPDX-License-Identifier: Apache-2.0
"""Errors."""
from vtac.errors import VtacError as TVMError

from ._missing import getattr_of


class OpError(TVMError):
    """An operator can't be compiled."""


__getattr__ = getattr_of(__name__)

__all__ = ["OpError", "TVMError"]
