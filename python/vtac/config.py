# SPDX-License-Identifier: Apache-2.0
"""The description of one accelerator."""
from __future__ import annotations

import ctypes

from . import _table
from ._library import ConfigValue, Error, lib, text
from .errors import InvalidError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping


class Config:
    """Tile shape, data widths and memory sizes of an accelerator.

    ``Config()`` is the built-in one.  ``Config.load(path)`` reads a
    ``vta_config.json``, ``Config.parse(keys)`` takes its keys as a mapping or
    as JSON text.  Keys and derived values are attributes and items::

        config.BLOCK_IN, config["INP_WIDTH"]
    """

    def __init__(self) -> None:
        self._adopt(lambda error: lib.config_default(error))

    def _adopt(self, make) -> None:
        error = Error()
        handle = make(ctypes.byref(error))
        if not handle:
            raise error.exception()
        self._handle = handle
        self._values: dict[str, int | str] = {}
        self._meanings: dict[str, str] = {}
        value = ConfigValue()
        index = 0
        while lib.config_at(handle, index, ctypes.byref(value)):
            name = text(value.name)
            self._values[name] = (
                value.number if value.text is None else text(value.text)
            )
            self._meanings[name] = text(value.meaning)
            index += 1

    @classmethod
    def _made_by(cls, make) -> Config:
        config = cls.__new__(cls)
        config._adopt(make)
        return config

    @classmethod
    def load(cls, path: str | os.PathLike) -> Config:
        """Reads a configuration file."""
        name = str(path).encode()
        return cls._made_by(lambda error: lib.config_load(name, error))

    @classmethod
    def parse(
        cls, keys: str | bytes | Mapping, name: str = "configuration"
    ) -> Config:
        """Takes the keys as JSON text or as a mapping.

        ``name`` stands for the file in messages.
        """
        if not isinstance(keys, (str, bytes)):
            import json

            keys = json.dumps(dict(keys))
        data = keys.encode() if isinstance(keys, str) else keys
        return cls._made_by(
            lambda error: lib.config_parse(
                data, len(data), name.encode(), error
            )
        )

    def keys(self) -> Iterator[str]:
        """The names of all keys and derived values."""
        return iter(self._values)

    __iter__ = keys

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, name: str) -> int | str:
        try:
            return self._values[name]
        except KeyError:
            raise KeyError(
                f"the configuration has no value {name!r}"
            ) from None

    def __getattr__(self, name: str) -> int | str:
        if not name.startswith("_"):
            if name in self._values:
                return self._values[name]
        raise AttributeError(f"the configuration has no value {name!r}")

    def __dir__(self):
        return [*super().__dir__(), *self._values]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Config):
            return NotImplemented
        return self._values == other._values

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def _dtype(self, kind: str) -> str:
        return f"int{self._values[kind + '_WIDTH']}"

    @property
    def inp_dtype(self) -> str:
        """The type of activations."""
        return self._dtype("INP")

    @property
    def wgt_dtype(self) -> str:
        """The type of weights."""
        return self._dtype("WGT")

    @property
    def acc_dtype(self) -> str:
        """The type of accumulators."""
        return self._dtype("ACC")

    @property
    def out_dtype(self) -> str:
        """The type of results that go back to memory."""
        return self._dtype("OUT")

    def _rows(self):
        return [
            (name, value, self._meanings[name])
            for name, value in self._values.items()
        ]

    def __repr__(self) -> str:
        return "Config(\n" + _table.text(None, self._rows()) + ")"

    def _repr_html_(self) -> str:
        return _table.html(("name", "value", "meaning"), self._rows())

    def __copy__(self) -> Config:
        return self  # a configuration never changes

    def __deepcopy__(self, memo) -> Config:
        return self

    def _keys(self) -> dict[str, int | str]:
        """What a configuration file holds: no derived values."""
        return {
            name: value
            for name, value in self._values.items()
            if self._meanings[name]
        }

    def __reduce__(self):
        return Config.parse, (self._keys(),)

    def __del__(self, _free=lib.config_free) -> None:
        if self.__dict__.get("_handle"):
            _free(self._handle)


_default: list[Config] = []


def as_config(config: Config | None) -> Config:
    """The configuration given, or the built-in one."""
    if config is None:
        if not _default:
            _default.append(Config())
        return _default[0]
    if not isinstance(config, Config):
        raise InvalidError(
            f"{config!r} is no vtac.Config", "argument", "use vtac.Config()"
        )
    return config
