# SPDX-License-Identifier: GPL-3.0-or-later
"""A second checkout whose sites stand, in an emulated account of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.background import Background
from tools.twin import Twin, twins


@dataclass
class Standing:
    """values: what `make` is told each time, NAME=value. told: what `make site` has printed."""

    values: tuple[str, ...]
    twin: Twin
    told: str

    def call(self, method: str, name: str, content: Any = None) -> Any:
        """What the sandbox answers. Raises RuntimeError where it does not run."""
        background = Background(self.twin.identity.folder)
        found = background.status()
        if found is None:
            raise RuntimeError(f"the sandbox of {self.twin.folder} does not run")
        return background.client(found["endpoint"]).call(method, name, content)

    def whole(self, operation: str) -> dict[str, Any]:
        """The newest report of an operation."""
        return self.every(operation)[-1]

    def every(self, *operations: str) -> list[dict[str, Any]]:
        """All reports of these operations, oldest first."""
        paths = sorted((self.twin.folder / ".cache/reports").glob("*Z-*-*.json"))
        found: list[dict[str, Any]] = [json.loads(path.read_text("utf-8")) for path in paths]
        return [one for one in found if one["operation"] in operations]


@contextmanager
def sites(
    name: str, speed: float, *values: str, before: Callable[[Twin], None] = lambda twin: None
) -> Iterator[Standing]:
    """A checkout of that name in which `make site` has ended; it goes with the block.

    speed: AWS seconds in a second. values: what `make` is told, NAME=value. before: what is done in
    the checkout before that.
    """
    told = (f"SANDBOX_SPEED={speed:g}", *values)
    with twins(name) as [twin]:
        twin.give_images()
        before(twin)
        yield Standing(told, twin, twin.make("site", *told))
