#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tutorial pages, writes their outputs, makes notebooks of them.

usage: pages.py [--update | --notebook] PAGE.md...

The blocks of a page that are marked ``python`` are one program.  A block
marked ``output`` holds what the block before it prints; empty lines at its end
don't count.
"""
from __future__ import annotations

import contextlib
import io
import json
import re
import sys

import support

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r"\A\s*^```output\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Page:
    """A page's text, and where its programs and outputs stand in it."""

    def __init__(self, path: str) -> None:
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.text = file.read()

    def blocks(self):
        """(end of the block, its source, its output's match or None)"""
        for fence in _FENCE.finditer(self.text):
            if fence.group(1) == "python":
                output = _OUTPUT.match(self.text[fence.end() :])
                yield fence.end(), fence.group(2), output

    def sources(self) -> list[str]:
        """The programs."""
        return [source for _, source, _ in self.blocks()]

    def run(self):
        """(source, what it prints, what the page says it does)"""
        space: dict = {"__name__": "__main__"}
        for end, source, output in self.blocks():
            line = self.text[:end].count("\n") - source.count("\n")
            code = compile("\n" * (line - 1) + source, self.path, "exec")
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(code, space)
            got = printed.getvalue().rstrip("\n")
            want = output.group(1).rstrip("\n") if output else ""
            yield source, got, want

    def updated(self) -> str:
        """The text with the outputs of a run."""
        outputs = [got for _, got, _ in self.run()]
        parts, position = [], 0
        for (end, _, output), got in zip(self.blocks(), outputs):
            parts.append(self.text[position:end])
            if got:
                parts.append(f"\n\n```output\n{got}\n```")
            position = end + (output.end() if output else 0)
        return "".join(parts) + self.text[position:]

    def notebook(self) -> dict:
        """The page as a notebook, to be run by its reader."""
        cells, position = [], 0
        for end, source, output in self.blocks():
            start = self.text.rindex("```python\n", 0, end)
            cells.append(_cell("markdown", self.text[position:start].strip()))
            cells.append(_cell("code", source.rstrip("\n")))
            position = end + (output.end() if output else 0)
        cells.append(_cell("markdown", self.text[position:].strip()))
        return {
            "cells": [cell for cell in cells if cell["source"]],
            "metadata": {"language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 4,
        }


def _cell(kind: str, text: str) -> dict:
    cell: dict = {"cell_type": kind, "metadata": {}}
    cell["source"] = text.splitlines(keepends=True)
    if kind == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def main(args: list[str]) -> int:
    mode = args.pop(0) if args and args[0].startswith("--") else ""
    for path in args:
        page = Page(path)
        if mode == "--update":
            text = page.updated()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif mode == "--notebook":
            json.dump(
                page.notebook(), sys.stdout, ensure_ascii=False, indent=1
            )
            print()
        else:
            for _, got, want in page.run():
                if got != want:
                    print(f"{path}: expected\n{want}\ngot\n{got}")
                    return 1
    return 0


if __name__ == "__main__":
    assert support.ROOT
    sys.exit(main(sys.argv[1:]))
