# SPDX-License-Identifier: Apache-2.0
"""Helpers of test programs."""
from .._missing import attribute_error


def __getattr__(name: str):
    import importlib

    if name in ("utils", "pickle_memoize"):
        return importlib.import_module(f"{__name__}.{name}")
    raise attribute_error(__name__, name)
