# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refs become edges; edges become an order. Errors name the nodes."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .errors import Cycle, DuplicateAddress, UnknownReference
from .model import UNKNOWN, Join, Ref, Want


def refs(value: Any) -> Iterator[Ref]:
    """Every Ref inside a spec value, at any depth."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Join):
        yield from refs(value.parts)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, (list, tuple, frozenset, set)):
        for item in value:
            yield from refs(item)


def resolve(value: Any, lookup: Callable[[Ref], Any]) -> Any:
    """The value with each Ref looked up; a Join with an unknown part is UNKNOWN."""
    if isinstance(value, Ref):
        return lookup(value)
    if isinstance(value, Join):
        parts = [lookup(part) if isinstance(part, Ref) else part for part in value.parts]
        return UNKNOWN if any(part is UNKNOWN for part in parts) else "".join(map(str, parts))
    if isinstance(value, Mapping):
        return {key: resolve(item, lookup) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(item, lookup) for item in value)
    return value


def needs(want: Want) -> dict[str, bool]:
    """Addresses that a want waits for; True where one must be settled."""
    found: dict[str, bool] = {}
    for ref in (*refs(want.spec), *want.after):
        found[ref.target] = found.get(ref.target, False) or ref.ready
    return found


def index(wants: Iterable[Want]) -> dict[str, Want]:
    """Wants by address; two of one address are an error."""
    found: dict[str, Want] = {}
    for want in wants:
        if want.address in found:
            raise DuplicateAddress(f"{want.address} is declared twice")
        found[want.address] = want
    return found


def order(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Every address after those it needs; ties as given, so that plans print the same each time."""
    for node, targets in edges.items():
        for target in targets:
            if target not in edges:
                raise UnknownReference(f"{node} refers to {target}, which nobody declares")
    try:
        return tuple(graphlib.TopologicalSorter(edges).static_order())
    except graphlib.CycleError as error:
        raise Cycle(
            "these refer to one another in a circle: " + " -> ".join(error.args[1])
        ) from error
