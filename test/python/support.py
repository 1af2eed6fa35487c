# SPDX-License-Identifier: Apache-2.0
"""What the Python tests share: where things are, and the captured cases."""
from __future__ import annotations

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GOLDEN = os.path.join(ROOT, "test", "golden")
DOCS = os.path.join(ROOT, "docs")
PYTHON = os.path.join(ROOT, "python")
COMPAT = os.path.join(PYTHON, "compat")

for _path in (COMPAT, PYTHON):
    if _path not in sys.path:
        sys.path.insert(0, _path)


class Case:
    """One captured case."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.name = os.path.relpath(folder, GOLDEN)
        with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
            case = json.load(file)
        self.family = case["family"]
        self.params = case["params"]
        self.reference_ok = case["reference_ok"]
        self.stats = case["stats"]

    def text(self, stage: str) -> str | None:
        """The captured dump of a stage, if there is one."""
        path = os.path.join(self.folder, stage + ".tir")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            return file.read()


def cases(*folders: str) -> list[Case]:
    """All cases below folders of the captured ones."""
    found = []
    for folder in folders:
        top = os.path.join(GOLDEN, folder)
        for name in sorted(os.listdir(top)):
            path = os.path.join(top, name)
            if os.path.exists(os.path.join(path, "case.json")):
                found.append(Case(path))
    return found


def seed(name: str) -> Case:
    """One of the two seed workloads."""
    return Case(os.path.join(GOLDEN, "seeds", name))
