# SPDX-License-Identifier: Apache-2.0
"""The accelerator's matrix multiply as a tensor intrinsic."""
from __future__ import annotations

from tvm._missing import getattr_of
from vtac.intrin import Intrin, gemm_intrinsic


class Gemm:
    """The matrix multiply of one tile, or (mock) one that does nothing."""

    name = "GEMM"

    def __init__(self, env, mock: bool) -> None:
        self.env = env
        self.mock = mock

    def intrin_for(self, context) -> Intrin:
        """The intrinsic in the context of a schedule."""
        return gemm_intrinsic(context, mock=self.mock)

    def __repr__(self) -> str:
        return f"<intrinsic GEMM{', mock' if self.mock else ''}>"


def gemm(env, mock: bool = False) -> Gemm:
    """The matrix multiply of one tile."""
    return Gemm(env, mock)


__getattr__ = getattr_of(__name__)

__all__ = ["Gemm", "gemm"]
