# SPDX-License-Identifier: Apache-2.0
"""Every public name has a document, is typed where it should be, and occurs
in some test or tutorial."""
from __future__ import annotations

import glob
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import unittest

import support
import tvm
import vta
import vtac


def modules(package) -> list[str]:
    """A package and all public modules below it."""
    names = [package.__name__]
    for info in pkgutil.walk_packages(
        package.__path__, package.__name__ + "."
    ):
        if not any(part.startswith("_") for part in info.name.split(".")):
            names.append(info.name)
    return names


def words_of_the_tests() -> set[str]:
    """All names that tests and tutorials use."""
    words: set[str] = set()
    pages = os.path.join(support.DOCS, "tutorials", "en", "*.md")
    for path in glob.glob(os.path.join(support.HERE, "*.py")) + glob.glob(
        pages
    ):
        with open(path, encoding="utf-8") as file:
            words.update(re.findall(r"\w+", file.read()))
    return words


def members(cls) -> list[str]:
    """The public members that a class defines itself."""
    return [name for name in vars(cls) if not name.startswith("_")]


class Names(unittest.TestCase):
    def public(self):
        """(module, name, object) of all public names."""
        for package in (vtac, tvm, vta):
            for module_name in modules(package):
                module = importlib.import_module(module_name)
                self.assertTrue(module.__doc__, module_name)
                for name in getattr(module, "__all__", ()):
                    yield module_name, name, getattr(module, name)

    def test_documents(self) -> None:
        for module, name, thing in self.public():
            if inspect.isfunction(thing) or inspect.isclass(thing):
                self.assertTrue(thing.__doc__, f"{module}.{name}")
            if inspect.isclass(thing) and thing.__module__.startswith("vtac"):
                for member in members(thing):
                    value = inspect.getattr_static(thing, member)
                    if callable(value) or isinstance(value, property):
                        where = f"{module}.{name}.{member}"
                        self.assertTrue(inspect.getdoc(value), where)

    def test_types(self) -> None:
        for module, name, thing in self.public():
            if inspect.isfunction(thing) and module.startswith("vtac"):
                hints = thing.__annotations__
                self.assertIn("return", hints, f"{module}.{name}")

    def test_every_name_is_tested(self) -> None:
        words = words_of_the_tests()
        missing = []
        for module, name, thing in self.public():
            if name not in words:
                missing.append(f"{module}.{name}")
            if inspect.isclass(thing) and thing.__module__.startswith("vtac"):
                missing += [
                    f"{module}.{name}.{member}"
                    for member in members(thing)
                    if member not in words
                ]
        self.assertEqual(sorted(set(missing)), [])

    def test_everything_is_exported(self) -> None:
        self.assertEqual(vtac.__version__.count("."), 2)
        self.assertTrue(tvm.__version__.endswith(vtac.__version__))
        for name in ("lower", "build", "te", "tir", "topi", "nd", "rpc"):
            self.assertIn(name, dir(tvm))

    def test_numpy_is_imported_when_needed(self) -> None:
        program = "import sys, vtac; assert 'numpy' not in sys.modules"
        environ = dict(os.environ, PYTHONPATH=support.PYTHON)
        subprocess.run(
            [sys.executable, "-c", program], env=environ, check=True
        )

    def test_library_by_name(self) -> None:
        environ = dict(
            os.environ, PYTHONPATH=support.PYTHON, VTAC_LIBRARY="/no/such.so"
        )
        done = subprocess.run(
            [sys.executable, "-c", "import vtac"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertIn("cannot load /no/such.so", done.stderr)


if __name__ == "__main__":
    unittest.main()
