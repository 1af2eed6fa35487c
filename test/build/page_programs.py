#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs what a page shows and compares it with what the page says.

usage: page_programs.py PAGE.md COMMAND CC INCLUDE_DIR LIBRARY

A block marked ``c`` with a main function is a program; a later one is put in
the place of the program's line PLACE.  A block marked ``sh`` is a command line
of vtac.  Each block marked ``text`` behind one of them is a run of lines that
it prints.  Where a ``text`` block has lines that begin with "$ ", those are
command lines, and what follows each is all that it prints.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

PLACE = "  /* a primitive stands here */\n"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Checker:
    def __init__(
        self, page: str, command: str, cc: list[str], folder: str
    ) -> None:
        self.page, self.command, self.cc = page, command, cc
        self.folder = folder  # where programs lie and all that runs
        with open(page, encoding="utf-8") as file:
            self.text = file.read()
        self.failures = 0
        self.checked = 0

    def fail(self, at: int, why: str) -> None:
        line = self.text[:at].count("\n") + 1
        print(f"{self.page}:{line}: {why}")
        self.failures += 1

    def compile_all(self, programs: list[str]) -> list[str]:
        """The files of the programs, compiled side by side."""
        running = []
        for number, program in enumerate(programs):
            path = os.path.join(self.folder, f"p{number}")
            with open(path + ".c", "w", encoding="utf-8") as file:
                file.write(program)
            before, *behind = self.cc
            command = [before, "-o", path, path + ".c", *behind]
            running.append((path, subprocess.Popen(command)))
            if len(running) % 4 == 0:
                running[-4][1].wait()
        return [path for path, process in running if process.wait() == 0]

    def run(self, arguments: list[str]) -> str:
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def run_vtac(self, line: str) -> str:
        words = line.split()
        if words[0] != "build/vtac":
            raise ValueError(f"'{line}' is no command line of build/vtac")
        return self.run([self.command, *words[1:]])

    def check_part(self, at: int, block: str, whole: str) -> None:
        self.checked += 1
        if "\n" + block not in "\n" + whole:
            self.fail(at, "this is not printed:\n" + block)
            print("but this is:\n" + whole)

    def check_session(self, at: int, block: str) -> None:
        parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
        for line, want in zip(parts[::2], parts[1::2]):
            self.checked += 1
            have = self.run_vtac(line)
            if have != want:
                self.fail(at, f"{line} prints:\n{have}")

    def programs(self) -> list[str]:
        """The program of each block marked c."""
        template, programs = "", []
        for fence in FENCE.finditer(self.text):
            if fence.group(1) != "c":
                continue
            if "int main" in fence.group(2):
                template = fence.group(2)
                programs.append(template)
            else:
                programs.append(template.replace(PLACE, fence.group(2)))
        return programs

    def check(self) -> None:
        programs = self.programs()
        files = self.compile_all(programs)
        if len(files) != len(programs):
            self.fail(0, "a program does not compile")
            return
        outputs = [self.run([file]) for file in files]
        printed = None
        for fence in FENCE.finditer(self.text):
            kind, block = fence.groups()
            if kind == "c":
                printed = outputs.pop(0)
            elif kind == "sh":
                printed = self.run_vtac(block.strip())
            elif kind == "text" and block.startswith("$ "):
                self.check_session(fence.start(), block)
            elif kind == "text" and printed is not None:
                self.check_part(fence.start(), block, printed)


def main(arguments: list[str]) -> int:
    page, command, cc, include, library = arguments
    libraries = "-Wl,-rpath," + os.path.dirname(library)
    cc_line = [cc, "-w", "-I" + include, library, libraries]
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(page, command, cc_line, folder)
        checker.check()
    print(f"{checker.checked} blocks checked, {checker.failures} wrong")
    return 1 if checker.failures or not checker.checked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
