# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run is asked to do, and the plan that was made of it. Plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..aws.errors import WORLDWIDE
from ..aws.session import Connection
from ..declaration.site import Site
from ..engine.model import Have, Plan, Want
from ..kinds.base import Kind
from .catalog import KINDS, Tier, kinds_of

Known = Mapping[str, Mapping[str, Any]]
THREADS = 16
RULES = {name: kind.rules for name, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is asked to do.

    options: by tier name. known: facts by address, from earlier tiers. planned: the result of the
    plan of the whole site, {} where there is none. replace: addresses that may be replaced. purge:
    mappings whose undeclared entries go. wait: until all is usable, at most timeout seconds. until:
    addresses; of nothing else it is waited that it is usable. peer_failed: much of what would be
    awaited hangs on what the other site makes, so everything that can be is started, and nothing
    awaited. peer_absent: the other site has no part in this run, so what only it makes would be
    awaited in vain. isolated: the region of the other site is given up: nothing is asked of it, nor
    of what is one for all regions, and what it or that would tell is `known`. within: the id of the
    operation that this run carries out, "" for none.
    """

    site: Site
    tiers: tuple[Tier, ...]
    options: Mapping[str, Mapping[str, Any]]
    connections: Mapping[str, Connection]
    known: Known
    planned: Mapping[str, Any] = field(default_factory=dict)
    replace: frozenset[str] = frozenset()
    purge: frozenset[str] = frozenset()
    until: frozenset[str] = frozenset()
    wait: bool = True
    timeout: float = 5400.0
    peer_failed: bool = False
    peer_absent: bool = False
    isolated: bool = False
    within: str = ""

    @property
    def wants(self) -> tuple[Want, ...]:
        return tuple(want for want in self._declared() if self._within_reach(want))

    @property
    def out_of_reach(self) -> Known:
        """What is declared and taken for what is known of it, by address."""
        return {
            want.address: self.known.get(want.address, {})
            for want in self._declared()
            if not self._within_reach(want)
        }

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Those whose undeclared objects are looked for."""
        return tuple(kind for kind in kinds_of(self.tiers) if not (self.isolated and far(kind)))

    def _declared(self) -> Iterator[Want]:
        for tier in self.tiers:
            yield from tier.wants(self.site, self.options[tier.TIER])

    def _within_reach(self, want: Want) -> bool:
        return not self.isolated or not (want.site or far(KINDS[want.kind]))


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it was made from. known: also the objects nobody had to read."""

    plan: Plan
    haves: Mapping[str, Have]
    known: Known


def far(kind: Kind) -> bool:
    """Whether it is one for all regions."""
    return not WORLDWIDE.isdisjoint(kind.services)
