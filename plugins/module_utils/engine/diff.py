# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Compares a wanted with an observed spec, field by field. Only declared fields are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .model import UNTOLD, Change

ABSENT = None


def compare(
    want: Mapping[str, Any],
    have: Mapping[str, Any],
    partial: frozenset[str] = frozenset({"tags"}),
    purge: frozenset[str] = frozenset(),
) -> tuple[Change, ...]:
    """The changes that make `have` into `want`.

    Both are canonical: what means the same is equal. What is UNTOLD differs from nothing. In the
    mappings named by `partial` only the wanted entries count, whatever else is there belongs to
    somebody else; unless `purge` names the mapping too, then its other entries are to go (after:
    None).
    """
    return tuple(_changes(want, have, partial, purge))


def _changes(
    want: Mapping[str, Any],
    have: Mapping[str, Any],
    partial: frozenset[str],
    purge: frozenset[str],
) -> Iterator[Change]:
    for key, wanted in want.items():
        found = have.get(key, ABSENT)
        if found is UNTOLD:
            continue
        if key in partial and isinstance(wanted, Mapping):
            entries = found if isinstance(found, Mapping) else {}
            yield from _entries(key, wanted, entries)
            if key in purge:
                yield from (
                    Change((key, name), value, ABSENT)
                    for name, value in entries.items()
                    if name not in wanted
                )
        elif not same(wanted, found):
            yield Change((key,), found, wanted)


def _entries(key: str, want: Mapping[str, Any], have: Mapping[str, Any]) -> Iterator[Change]:
    for name, wanted in want.items():
        found = have.get(name, ABSENT)
        if not same(wanted, found):
            yield Change((key, name), found, wanted)


def same(want: Any, have: Any) -> bool:
    """Equality in which a tuple equals a list of the same items."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return want.keys() == have.keys() and all(same(want[key], have[key]) for key in want)
    if isinstance(want, (list, tuple)) and isinstance(have, (list, tuple)):
        return len(want) == len(have) and all(map(same, want, have))
    if isinstance(want, bool) or isinstance(have, bool):
        return want is have
    return bool(want == have)
