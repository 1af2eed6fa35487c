# SPDX-License-Identifier: Apache-2.0
"""What code is made for."""
from __future__ import annotations

import threading

from ._missing import getattr_of

_KEYS = {
    "ext_dev": ["ext_dev"],
    "llvm": ["cpu"],
    "c": ["cpu"],
}
_DEVICES = {"llvm": "cpu", "c": "cpu"}


class TargetKind:
    """The kind of a target."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


class _Local(threading.local):
    def __init__(self) -> None:
        self.stack: list[Target] = []


_local = _Local()


class Target:
    """A processor, or the accelerator (``ext_dev``)."""

    def __init__(self, target, host=None) -> None:
        if isinstance(target, Target):
            self.attrs = dict(target.attrs)
            name = target.kind.name
            host = host if host is not None else target.host
        else:
            name, self.attrs = _parse(target)
        if name not in _KEYS:
            raise ValueError(
                f"Target kind {name!r} is not defined; vtac has"
                f" {', '.join(_KEYS)}"
            )
        self.kind = TargetKind(name)
        self.host = Target(host) if host is not None else None

    @property
    def keys(self) -> list[str]:
        """What it belongs to, the most special first."""
        named = self.attrs.get("keys")
        return named.split(",") if named else list(_KEYS[self.kind.name])

    @property
    def model(self) -> str:
        """The model."""
        return self.attrs.get("model", "unknown")

    @property
    def device_name(self) -> str:
        """The device that ``-device=`` names."""
        return self.attrs.get("device", "")

    @property
    def mtriple(self) -> str:
        """What code is made for, in words of LLVM; empty for this machine."""
        return self.attrs.get("mtriple", "")

    @staticmethod
    def current(allow_none: bool = True):
        """The innermost one in force."""
        if _local.stack:
            return _local.stack[-1]
        if allow_none:
            return None
        raise ValueError("Target context required. Please set it")

    def __enter__(self) -> Target:
        _local.stack.append(self)
        return self

    def __exit__(self, *exception) -> None:
        _local.stack.remove(self)

    def __str__(self) -> str:
        parts = [self.kind.name, f"-keys={','.join(self.keys)}"]
        parts += [
            f"-{key}={value}"
            for key, value in sorted(self.attrs.items())
            if key != "keys"
        ]
        return " ".join(parts)

    def __repr__(self) -> str:
        return f"Target({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Target):
            return str(self) == str(other) and self.host == other.host
        return NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


def _parse(text) -> tuple[str, dict]:
    if isinstance(text, dict):
        attrs = {k: str(v) for k, v in text.items() if k != "kind"}
        return text["kind"], attrs
    name, *options = str(text).split()
    attrs = {}
    for option in options:
        key, _, value = option.lstrip("-").partition("=")
        attrs[key] = value
    return name, attrs


def vta(model: str = "unknown", options=None) -> Target:
    """The accelerator."""
    return Target(f"ext_dev -device=vta -keys=vta,cpu -model={model}")


def arm_cpu(model: str = "unknown", options=None) -> Target:
    """An Arm processor."""
    return Target(f"llvm -device=arm_cpu -keys=arm_cpu,cpu -model={model}")


def target_name(text) -> str:
    """The kind of a target's text."""
    return _DEVICES.get(_parse(text)[0], _parse(text)[0])


__getattr__ = getattr_of(__name__)

__all__ = ["Target", "TargetKind", "arm_cpu", "target_name", "vta"]
