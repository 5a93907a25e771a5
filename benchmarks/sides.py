# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured, read from sides.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
FILE = Path(__file__).with_name("sides.toml")


class Wrong(ValueError):
    """The file says something that cannot be run; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Side:
    """One column of the comparison; its texts still hold their placeholders.

    `check` is what turns the command into a check, empty if it has none. A side with `reads_from`
    builds nothing.
    """

    name: str
    title: str
    folder: str
    command: tuple[str, ...]
    check: tuple[str, ...]
    environment: Mapping[str, str]
    reads_from: tuple[str, ...] = ()

    @property
    def builds(self) -> bool:
        return not self.reads_from

    def missing(self, places: Mapping[str, str]) -> str | None:
        """The first thing the command needs that is not there, None if all is."""
        folder = Path(fill(self.folder, places))
        program, *rest = (fill(part, places) for part in self.command)
        scripts = [part for part in rest if part.endswith((".py", ".yml"))]
        for path in (folder, Path(program), *(folder / script for script in scripts)):
            if not path.exists():
                return str(path)
        return None


def fill(text: str, places: Mapping[str, str]) -> str:
    """`text` with each {name} of `places` replaced; other braces stay as they are."""
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def of(content: Mapping[str, Any]) -> tuple[Side, ...]:
    """The sides of a parsed sides.toml, in its order.

    Raises Wrong for a side without a command, or one that reads from a side that is not there.
    """
    shared = content.get("shared", {}).get("environment", {})
    sides = tuple(_side(name, said, shared) for name, said in content.get("sides", {}).items())
    builders = {side.name for side in sides if side.builds}
    for side in sides:
        for source in side.reads_from:
            if source not in builders:
                raise Wrong(f"sides.{side.name}.reads_from: {source!r} is no side that builds")
    return sides


def _side(name: str, said: Mapping[str, Any], shared: Mapping[str, str]) -> Side:
    def words(key: str) -> tuple[str, ...]:
        value = said.get(key, ())
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Wrong(f"sides.{name}.{key}: a list of words is wanted, not {value!r}")
        return tuple(str(word) for word in value)

    command = words("command")
    if not command:
        raise Wrong(f"sides.{name}.command: is missing")
    return Side(
        name=name,
        title=str(said.get("title", name)),
        folder=str(said.get("folder", "{checkout}")),
        command=command,
        check=words("check"),
        environment={**shared, **said.get("environment", {})},
        reads_from=words("reads_from"),
    )


def load(file: Path = FILE) -> tuple[Side, ...]:
    """The sides of a file; raises Wrong, OSError, or tomllib's TOMLDecodeError."""
    return of(_content(file))


def goals(file: Path = FILE) -> Mapping[str, float]:
    """The numbers under [goals]; raises as `load` does."""
    return {name: float(value) for name, value in _content(file).get("goals", {}).items()}


def _content(file: Path) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
