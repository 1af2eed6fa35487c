# SPDX-License-Identifier: Apache-2.0
"""The captured cases, driven from Python: dumps, counters and results."""
from __future__ import annotations

import os
import unittest

import numpy
import support
import vtac
from programs import FAMILIES


class Golden(unittest.TestCase):
    def check(self, case: support.Case, config: vtac.Config) -> None:
        program = FAMILIES[case.family](case.params, config)
        for stage, advance in program.stages:
            advance()
            want = case.text(stage)
            if want is not None and case.reference_ok:
                got = vtac.lower(
                    program.schedule,
                    program.args,
                    accelerator=stage == "vta",
                )
                self.assertEqual(str(got), want, f"{case.name} {stage}")
        try:
            module = vtac.build(
                program.schedule, program.args, disabled=program.disabled
            )
        except vtac.RefusedError as error:
            self.assertFalse(case.reference_ok, f"{case.name}: {error}")
            return
        self.run_and_compare(case, program, module, config)

    def run_and_compare(self, case, program, module, config) -> None:
        inputs = program.inputs(numpy.random.default_rng(1))
        want = program.expected(*inputs)
        result = numpy.zeros(program.args[-1].shape, program.args[-1].dtype)
        with vtac.Device(config) as device:
            try:
                module(*inputs, result, device=device)
            except vtac.RefusedError:
                self.assertFalse(case.reference_ok, case.name)
                return
            counters = device.counters
        numpy.testing.assert_array_equal(result, want, case.name)
        if case.reference_ok and case.stats:
            self.assertEqual(counters, case.stats, case.name)

    def check_all(self, folder: str, config=None) -> None:
        found = support.cases(folder)
        self.assertTrue(found)
        for case in found:
            with self.subTest(case.name):
                self.check(case, config or vtac.Config())

    def test_matmul(self) -> None:
        self.check_all("matmul")

    def test_conv2d(self) -> None:
        self.check_all("conv2d")

    def test_eltwise(self) -> None:
        self.check_all("eltwise")

    def test_gemm_free(self) -> None:
        self.check_all("gemm_free")

    def test_configs(self) -> None:
        """Three configurations in one process."""
        top = os.path.join(support.GOLDEN, "configs")
        for name in sorted(os.listdir(top)):
            folder = os.path.join(top, name)
            config = vtac.Config.load(os.path.join(folder, "vta_config.json"))
            for family in ("matmul", "conv2d"):
                self.check_all(os.path.join("configs", name, family), config)


if __name__ == "__main__":
    unittest.main()
