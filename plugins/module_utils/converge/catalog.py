# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The contents page: every tier, and through them every kind.

Named one by one, because a module carries only what it imports by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from ..declaration.fields import Field, Problem
from ..declaration.site import Site
from ..engine.model import Want
from ..kinds.base import Kind
from ..tiers import database, image, network, storage, traffic, web_tier


class Tier(Protocol):
    """What a file in tiers/ offers."""

    TIER: str
    FIELDS: tuple[Field, ...]
    KINDS: tuple[Kind, ...]

    def check(self, site: Site, options: Mapping[str, Any]) -> Iterator[Problem]: ...

    def wants(self, site: Site, options: Mapping[str, Any]) -> tuple[Want, ...]: ...


# A site as it stands.
TIERS: tuple[Tier, ...] = (storage, network, database, traffic, web_tier)
# What is there for a while only, while something is done; and what it leaves for a way back.
PASSING: tuple[Tier, ...] = (image,)
ALL = (*TIERS, *PASSING)
BY_NAME: Mapping[str, Tier] = MappingProxyType({tier.TIER: tier for tier in ALL})
KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for tier in ALL for kind in tier.KINDS}
)


def kinds_of(tiers: Iterable[Tier]) -> tuple[Kind, ...]:
    """The kinds as these tiers own them; two of one name where tiers share a kind."""
    return tuple(kind for tier in tiers for kind in tier.KINDS)


def tier_of(address: str) -> str:
    """The tier that owns the object of an address "kind/id" or "site:kind/id", "" for none."""
    kind, _slash, id = address.rpartition(":")[2].partition("/")
    for tier in ALL:
        if any(own.name == kind and own.covers(id) for own in tier.KINDS):
            return tier.TIER
    return ""
