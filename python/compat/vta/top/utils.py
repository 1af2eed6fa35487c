# SPDX-License-Identifier: Apache-2.0
"""Layouts by their names."""
from tvm._missing import getattr_of


def is_packed_layout(layout: str) -> bool:
    """Whether channels and batch are in blocks: NCHW1n16c."""
    return layout != "NCHW" and "n" in layout and "c" in layout


__getattr__ = getattr_of(__name__)

__all__ = ["is_packed_layout"]
