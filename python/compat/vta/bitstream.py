# SPDX-License-Identifier: Apache-2.0
"""Bitstreams of boards."""
from __future__ import annotations

import os

from tvm._missing import getattr_of

from .environment import get_env


def get_bitstream_path() -> str:
    """Where the bitstream of the current configuration is kept."""
    env = get_env()
    cache = os.environ.get("VTA_CACHE_PATH") or os.path.join(
        os.path.expanduser("~"), ".vta_cache"
    )
    folder = os.path.join(cache, env.TARGET, env.HW_VER.replace(".", "_"))
    return os.path.join(folder, env.BITSTREAM + ".bit")


def download_bitstream():
    """Not there: vtac fetches nothing from the network."""
    raise RuntimeError(
        f"{get_bitstream_path()} is not there, and vtac downloads no"
        " bitstreams; put the file there"
    )


__getattr__ = getattr_of(__name__)

__all__ = ["download_bitstream", "get_bitstream_path"]
