# SPDX-License-Identifier: Apache-2.0
"""Running test programs where the environment says."""
from __future__ import annotations

import os

from tvm import rpc
from tvm._missing import getattr_of

from ..environment import get_env


def run(run_func) -> None:
    """Calls ``run_func(env, remote)`` with the session to use."""
    env = get_env()
    if env.TARGET in ("sim", "tsim", "intelfocl"):
        port = int(os.environ.get("VTA_LOCAL_SIM_RPC", "0"))
        remote = rpc.connect("127.0.0.1", port) if port else rpc.LocalSession()
        run_func(env, remote)
        return
    if env.TARGET not in ("pynq", "ultra96", "de10nano"):
        raise RuntimeError(f"Unknown target {env.TARGET}")
    host = os.environ.get("VTA_RPC_HOST")
    port = os.environ.get("VTA_RPC_PORT")
    if not host or not port:
        raise RuntimeError(
            "Please set the VTA_RPC_HOST and VTA_RPC_PORT environment"
            " variables"
        )
    run_func(env, rpc.connect(host, int(port)))


__getattr__ = getattr_of(__name__)

__all__ = ["run"]
