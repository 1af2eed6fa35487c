# SPDX-License-Identifier: Apache-2.0
"""The names of VTA's Python package that accelerator programs use, over
vtac."""
from __future__ import annotations

from tvm._missing import attribute_error

from .bitstream import download_bitstream, get_bitstream_path
from .build_module import build, build_config, lower
from .environment import Environment, get_env
from .rpc_client import program_fpga, reconfig_runtime

__version__ = "0.1.0"


def __getattr__(name: str):
    import importlib

    if name in ("top", "testing", "intrin", "transform", "exec"):
        return importlib.import_module(f"{__name__}.{name}")
    raise attribute_error(__name__, name)


__all__ = [
    "Environment",
    "build",
    "build_config",
    "download_bitstream",
    "get_bitstream_path",
    "get_env",
    "lower",
    "program_fpga",
    "reconfig_runtime",
]
