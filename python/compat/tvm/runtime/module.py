# SPDX-License-Identifier: Apache-2.0
"""Modules: functions that run, can be saved, and read again."""
from __future__ import annotations

import os
import time

import vtac

from .ndarray import NDArray

_C_MARK = (
    b"/*"  # C source, which a module is saved as without a code generator
)


class BenchmarkResult:
    """What a time evaluator measured, in seconds."""

    def __init__(self, results) -> None:
        import statistics

        self.results = tuple(results)
        self.mean = statistics.fmean(self.results)
        self.median = statistics.median(self.results)
        self.min = min(self.results)
        self.max = max(self.results)
        self.std = statistics.pstdev(self.results)

    def __str__(self) -> str:
        names = ("mean", "median", "max", "min", "std")
        head = "  ".join(f"{name + ' (ms)':^12}" for name in names)
        line = "  ".join(f"{1e3 * getattr(self, n):^12.4f}" for n in names)
        return f"Execution time summary:\n {head}\n {line}"

    __repr__ = __str__


class Module:
    """A function that runs on a device."""

    def __init__(self, module: vtac.Module, target=None) -> None:
        self._module = module
        self._target = target

    @property
    def entry_name(self) -> str:
        """What the function is also called."""
        return "__tvm_main__"

    @property
    def type_key(self) -> str:
        """What kind of module it is."""
        return "vtac"

    @property
    def format(self) -> str:
        """What it is saved as."""
        return "o"

    @property
    def imported_modules(self) -> list:
        """None."""
        return []

    def get_function(self, name: str, query_imports: bool = False):
        """The function of that name."""
        if name not in (self._module.name, self.entry_name):
            raise AttributeError(f"Module has no function '{name}'")
        return self.entry_func

    __getitem__ = get_function

    def entry_func(self, *args) -> None:
        """Runs the function."""
        self._module(*(_array(arg) for arg in args))

    def __call__(self, *args) -> None:
        self.entry_func(*args)

    def get_source(self, fmt: str = "c") -> str:
        """The module as C."""
        return self._module.c_source()

    def time_evaluator(
        self,
        func_name,
        dev,
        number: int = 10,
        repeat: int = 1,
        min_repeat_ms: int = 0,
        f_preproc: str = "",
        **options,
    ):
        """A function that runs ``func_name`` once to get warm, and then
        ``repeat`` times ``number`` times, and says how long these took."""
        function = self.get_function(func_name)

        def evaluate(*args) -> BenchmarkResult:
            function(*args)
            return BenchmarkResult(
                _mean_time(function, args, number, min_repeat_ms)
                for _ in range(repeat)
            )

        return evaluate

    def save(self, file_name, fmt: str = "") -> None:
        """Writes the module; the suffix says what.

        Without a code generator an object file cannot be made; then the file
        holds the module as C, which load_module compiles.
        """
        try:
            self._module.save(file_name, target=self._save_target())
        except vtac.FileError as error:
            if error.id != "no-codegen":
                raise
            with open(file_name, "w", encoding="utf-8") as file:
                file.write(self._module.c_source())

    def _save_target(self):
        host = self._target.host if self._target is not None else None
        triple = host.mtriple if host is not None else ""
        return triple.split("-")[0] or None

    def export_library(self, file_name, fcompile=None, **options) -> None:
        """Writes the module as a shared library."""
        self._module.save(file_name)

    def __repr__(self) -> str:
        return f"Module({self._module!r})"


def _array(arg):
    return arg._array if isinstance(arg, NDArray) else arg


def _mean_time(function, args, number: int, least_ms: int) -> float:
    while True:
        start = time.perf_counter()
        for _ in range(number):
            function(*args)
        seconds = time.perf_counter() - start
        if seconds * 1e3 >= least_ms:
            return seconds / number
        number = int(number * max(1.6, least_ms / 1e3 / seconds)) + 1


def load_module(path, fmt: str = "") -> Module:
    """Reads a module that was saved."""
    with open(path, "rb") as file:
        is_c = file.read(len(_C_MARK)) == _C_MARK
    if is_c and not os.fspath(path).endswith(".c"):
        return Module(_load_c(path))
    return Module(vtac.load_module(path))


def _load_c(path) -> vtac.Module:
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "module.c")
        shutil.copyfile(path, source)
        return vtac.load_module(source)


__all__ = ["BenchmarkResult", "Module", "load_module"]
