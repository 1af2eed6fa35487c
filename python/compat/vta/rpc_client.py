# SPDX-License-Identifier: Apache-2.0
"""Setting boards up."""
from __future__ import annotations

import os

from tvm import rpc
from tvm._missing import getattr_of

from .bitstream import download_bitstream, get_bitstream_path
from .environment import get_env


def reconfig_runtime(remote) -> None:
    """Sets the board's runtime to the current configuration."""
    if isinstance(remote, rpc.LocalSession):
        return  # the simulator is made for the configuration
    remote.get_function("tvm.contrib.vta.reconfig_runtime")(
        get_env().pkg.cfg_json
    )


def _simulates(remote) -> bool:
    """Whether the server's accelerator is a simulator, which needs none.

    Servers of TVM have no name for it; their boards have no counters.
    """
    name = remote.ext_dev(0).device_name
    if name:
        return name == "simulator"
    try:
        remote.get_function("vta.simulator.profiler_status")
    except AttributeError:
        return False
    return True


def program_fpga(remote, bitstream=None) -> None:
    """Writes a bitstream to the board; simulators need none."""
    env = get_env()
    if isinstance(remote, rpc.LocalSession):
        if env.TARGET in ("sim", "tsim"):
            return
        raise RuntimeError("there is no board in this process")
    if not bitstream:
        bitstream = get_bitstream_path()
        if not os.path.isfile(bitstream):
            if env.TARGET == "de10nano" or _simulates(remote):
                return
            download_bitstream()
    remote.upload(bitstream)
    remote.get_function("tvm.contrib.vta.init")(os.path.basename(bitstream))


__getattr__ = getattr_of(__name__)

__all__ = ["program_fpga", "reconfig_runtime"]
