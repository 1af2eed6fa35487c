# SPDX-License-Identifier: Apache-2.0
"""The tutorial pages print what they say, in both languages the same."""
from __future__ import annotations

import glob
import json
import os
import unittest

import support
from pages import Page

TUTORIALS = os.path.join(support.DOCS, "tutorials")
SEEDS = {"matrix-multiply.md": "matmul", "convolution.md": "conv2d"}


class Pages(unittest.TestCase):
    def pages(self, language: str) -> list[Page]:
        return [
            Page(path)
            for path in sorted(
                glob.glob(os.path.join(TUTORIALS, language, "*.md"))
            )
        ]

    def test_outputs(self) -> None:
        for page in self.pages("*"):
            with self.subTest(page.path):
                for source, got, want in page.run():
                    self.assertEqual(got, want, source)

    def test_dumps_are_the_references(self) -> None:
        for page in self.pages("*"):
            name = SEEDS.get(os.path.basename(page.path))
            for stage in ("default", "tiled", "vta") if name else ():
                text = support.seed(name).text(stage)
                self.assertIn(f"```output\n{text}```", page.text)

    def test_languages_agree(self) -> None:
        english, chinese = self.pages("en"), self.pages("zh")
        self.assertEqual(len(english), 3)
        self.assertEqual(len(chinese), 3)
        for one, other in zip(english, chinese):
            self.assertEqual(one.sources(), other.sources(), other.path)

    def test_notebooks(self) -> None:
        for page in self.pages("*"):
            notebook = json.loads(json.dumps(page.notebook()))
            code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
            got = ["".join(cell["source"]) + "\n" for cell in code]
            self.assertEqual(got, page.sources())


if __name__ == "__main__":
    unittest.main()
