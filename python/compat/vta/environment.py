# SPDX-License-Identifier: Apache-2.0
"""The accelerator that programs are for."""
from __future__ import annotations

import copy
import json
import os

import tvm
import vtac
from tvm import _core
from tvm._missing import getattr_of

from . import intrin

_DERIVED = {
    "LOG_BLOCK_IN": lambda cfg: cfg["LOG_BLOCK"],
    "LOG_BLOCK_OUT": lambda cfg: cfg["LOG_BLOCK"],
    "LOG_OUT_WIDTH": lambda cfg: cfg["LOG_INP_WIDTH"],
    "LOG_OUT_BUFF_SIZE": lambda cfg: cfg["LOG_ACC_BUFF_SIZE"]
    + cfg["LOG_OUT_WIDTH"]
    - cfg["LOG_ACC_WIDTH"],
}


class PkgConfig:
    """The keys of a configuration, with those derived from them."""

    def __init__(self, cfg: dict) -> None:
        for key, derive in _DERIVED.items():
            cfg[key] = derive(cfg)
        self.cfg_dict = cfg
        self.TARGET = cfg["TARGET"]

    @property
    def cfg_json(self) -> str:
        """The keys as JSON."""
        return json.dumps(self.cfg_dict)

    @property
    def bitstream(self) -> str:
        """What tells the hardware's shape, in a name."""
        cfg = self.cfg_dict
        shape = f"{1 << cfg['LOG_BATCH']}x{1 << cfg['LOG_BLOCK']}"
        widths = "".join(
            f"{letter}{1 << cfg[f'LOG_{name}_WIDTH']}"
            for letter, name in (("i", "INP"), ("w", "WGT"), ("a", "ACC"))
        )
        sizes = "_".join(
            str(cfg[f"LOG_{name}_BUFF_SIZE"])
            for name in ("UOP", "INP", "WGT", "ACC")
        )
        return f"{shape}_{widths}_{sizes}"

    def same_config(self, cfg: dict) -> bool:
        """Whether ``cfg`` has all keys with these values."""
        return all(
            key in cfg and cfg[key] == value
            for key, value in self.cfg_dict.items()
        )


class DevContext:
    """Numbers and names that intrinsics and passes use."""

    MEM_ID_UOP = 0
    MEM_ID_WGT = 1
    MEM_ID_INP = 2
    MEM_ID_ACC = 3
    MEM_ID_OUT = 4
    MEM_ID_ACC_8BIT = 5
    ALU_OPCODE_MIN = 0
    ALU_OPCODE_MAX = 1
    ALU_OPCODE_ADD = 2
    ALU_OPCODE_SHR = 3
    ALU_OPCODE_MUL = 4
    QID_LOAD_INP = 1
    QID_LOAD_WGT = 1
    QID_LOAD_OUT = 2
    QID_STORE_OUT = 3
    QID_COMPUTE = 2

    def __init__(self, env: Environment) -> None:
        self.vta_push_uop = tvm.tir.StringImm("VTAPushGEMMOp")
        self.gemm = intrin.gemm(env, env.mock_mode)

    @property
    def vta_axis(self):
        """What scopes of the accelerator hang on."""
        return tvm.te.thread_axis("vta")

    @property
    def command_handle(self):
        """The queue that runtime functions take first."""
        return tvm.tir.call_intrin("handle", "tir.vta.command_handle")

    def get_task_qid(self, qid: int) -> int:
        """The queue of a unit."""
        return qid


class Environment:
    """A configuration and what follows from it.

    ``with Environment(cfg):`` makes it the current one.
    """

    current = None
    MAX_XFER = 1 << 22
    DEBUG_DUMP_INSN = 1 << 1
    DEBUG_DUMP_UOP = 1 << 2
    DEBUG_SKIP_READ_BARRIER = 1 << 3
    DEBUG_SKIP_WRITE_BARRIER = 1 << 4
    inp_scope = vtac.INP_SCOPE
    wgt_scope = vtac.WGT_SCOPE
    acc_scope = vtac.ACC_SCOPE

    def __init__(self, cfg: dict) -> None:
        self.pkg = PkgConfig(cfg)
        self.__dict__.update(cfg)
        for name in ("INP", "WGT", "ACC", "OUT"):
            width = 1 << cfg[f"LOG_{name}_WIDTH"]
            setattr(self, f"{name}_WIDTH", width)
            setattr(self, f"{name.lower()}_dtype", f"int{width}")
        for name in ("BATCH", "BLOCK_IN", "BLOCK_OUT"):
            setattr(self, name, 1 << cfg[f"LOG_{name}"])
        for name in ("UOP", "INP", "WGT", "ACC", "OUT"):
            size = 1 << cfg[f"LOG_{name}_BUFF_SIZE"]
            setattr(self, f"{name}_BUFF_SIZE", size)
        for name, lanes in (
            ("INP", self.BATCH * self.BLOCK_IN),
            ("WGT", self.BLOCK_OUT * self.BLOCK_IN),
            ("ACC", self.BATCH * self.BLOCK_OUT),
            ("OUT", self.BATCH * self.BLOCK_OUT),
        ):
            bits = lanes * getattr(self, f"{name}_WIDTH")
            setattr(self, f"{name}_ELEM_BITS", bits)
            setattr(self, f"{name}_ELEM_BYTES", bits // 8)
        self.BITSTREAM = self.pkg.bitstream
        self.MODEL = f"{self.TARGET}_{self.BITSTREAM}"
        self.mock_mode = False
        self._mock_env = None
        self._dev_ctx = None
        self._last_env = None
        self._keys = {k: v for k, v in cfg.items() if k not in _DERIVED}
        self._config = None

    def __enter__(self) -> Environment:
        self._last_env = Environment.current
        Environment.current = self
        return self

    def __exit__(self, *exception) -> None:
        Environment.current = self._last_env

    @property
    def cfg_dict(self) -> dict:
        """The keys, with those derived from them."""
        return self.pkg.cfg_dict

    @property
    def config(self) -> vtac.Config:
        """The configuration as vtac has it."""
        if self._config is None:
            self._config = vtac.Config.parse(self._keys, "Environment")
        return self._config

    @property
    def dev(self) -> DevContext:
        """What intrinsics and passes use."""
        if self._dev_ctx is None:
            self._dev_ctx = DevContext(self)
        return self._dev_ctx

    @property
    def mock(self) -> Environment:
        """The same with copies, vector and matrix work that do nothing."""
        if self.mock_mode:
            return self
        if self._mock_env is None:
            self._mock_env = copy.copy(self)
            self._mock_env._dev_ctx = None
            self._mock_env.mock_mode = True
        return self._mock_env

    @property
    def dma_copy(self) -> str:
        """The pragma of copies."""
        return "skip_dma_copy" if self.mock_mode else "dma_copy"

    @property
    def alu(self) -> str:
        """The pragma of vector work."""
        return "skip_alu" if self.mock_mode else "alu"

    @property
    def gemm(self):
        """The matrix multiply of one tile."""
        return self.dev.gemm

    @property
    def target(self) -> tvm.target.Target:
        """The accelerator."""
        return tvm.target.vta(model=self.MODEL)

    @property
    def target_host(self) -> str:
        """The processor beside the accelerator; ``$VTAC_TARGET_HOST`` says
        so where it is not the one of TARGET's board, but a server's."""
        host = os.environ.get("VTAC_TARGET_HOST")
        if host:
            return host
        if self.TARGET in ("pynq", "de10nano"):
            return "llvm -mtriple=armv7-none-linux-gnueabihf"
        if self.TARGET == "ultra96":
            return "llvm -mtriple=aarch64-linux-gnu"
        if self.TARGET in ("sim", "tsim", "intelfocl"):
            return "llvm"
        raise ValueError(f"Unknown target {self.TARGET}")

    @property
    def target_vta_cpu(self) -> tvm.target.Target:
        """The processor of a board."""
        return tvm.target.arm_cpu(model=self.TARGET)


def get_vta_hw_path() -> str:
    """The folder that $VTA_HW_PATH names, or the empty text."""
    path = os.environ.get("VTA_HW_PATH", "")
    return os.path.abspath(path) if path else ""


def get_env() -> Environment:
    """The current environment."""
    return Environment.current


def _init_env() -> Environment:
    path = get_vta_hw_path()
    if not path:
        config = vtac.Config()
        return Environment(dict(config._keys()))
    file = os.path.join(path, "config", "vta_config.json")
    if not os.path.exists(file):
        raise RuntimeError(f"Cannot find config in {file}")
    with open(file, encoding="utf-8") as stream:
        return Environment(json.load(stream))


Environment.current = _init_env()
_core.set_config_source(lambda: Environment.current.config)

__getattr__ = getattr_of(__name__)

__all__ = [
    "DevContext",
    "Environment",
    "PkgConfig",
    "get_env",
    "get_vta_hw_path",
]
