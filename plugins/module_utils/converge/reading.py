# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads what is there: every kind's objects at once, each API answer fetched once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace

from ..aws.errors import Conflict
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Have, Want
from ..kinds.base import Kind

Group = tuple[str, str]


class Reader:
    """One look at the site and at its peer. Make a new one to look again."""

    def __init__(self, accounts: Mapping[str, Aws], kinds: Mapping[str, Kind]) -> None:
        self._views = {site: View(aws) for site, aws in accounts.items()}
        self._kinds = kinds

    @classmethod
    def over(cls, view: View, kinds: Mapping[str, Kind]) -> Reader:
        """One that goes on with a look at the site."""
        reader = cls({}, kinds)
        reader._views = {"": view}
        return reader

    @property
    def view(self) -> View:
        """What this look has seen of the site itself."""
        return self._views[""]

    def read(
        self, wants: Iterable[Want], whole: Iterable[Kind], pool: Executor | None = None
    ) -> dict[str, Have]:
        """What is there by address.

        wants: the objects looked for. whole: undeclared objects of these kinds are reported too.
        pool: reads the kinds side by side; without one they are read one after the other.
        Raises Conflict where two objects carry one identity.
        """
        groups: dict[Group, list[Want]] = defaultdict(list)
        owned = tuple(whole)
        for one in owned:
            groups["", one.name] = []
        for want in wants:
            groups[want.site, want.kind].append(want)
        for site, kind in groups:
            for service in self._kinds[kind].services:
                self._views[site].aws.client(service)
        each = pool.map if pool else map
        found = each(lambda group: self._find(group, groups[group]), list(groups))
        names = {want.address for group in groups.values() for want in group}
        haves: dict[str, Have] = {}
        for group, items in zip(groups, found, strict=True):
            for have in items:
                if have.address in names or (not group[0] and _covered(have, owned)):
                    _take(haves, have)
        return haves

    def _find(self, group: Group, wants: list[Want]) -> list[Have]:
        site, kind = group
        found = self._kinds[kind].find(self._views[site], wants)
        return [replace(have, site=site) for have in found]


def _covered(have: Have, owned: Iterable[Kind]) -> bool:
    return any(kind.name == have.kind and kind.covers(have.id) for kind in owned)


def _take(haves: dict[str, Have], have: Have) -> None:
    other = haves.get(have.address)
    if other is not None:
        ids = " and ".join(str(item.facts.get("id", "?")) for item in (other, have))
        raise Conflict(
            f"two objects claim to be {have.address}: {ids}; remove the one that is not in use, "
            "or its phoenix:id tag"
        )
    haves[have.address] = have
