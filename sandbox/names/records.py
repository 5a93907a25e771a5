# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosted zones and their records as plain data, and what is asked of an account."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:elb|rds)\.amazonaws\.com\.$")


def canonical(name: str) -> str:
    """A name as Route 53 stores it: lower case, with its final dot, `*` and such escaped."""
    text = "".join(c if c.isalnum() or c in "-_.\\" else f"\\{ord(c):03o}" for c in name.lower())
    return text.rstrip(".") + "."


def parent(name: str) -> str:
    """The name without its first label; that of the root is the root."""
    return name.partition(".")[2] or "."


def within(name: str, zone: str) -> bool:
    """Whether a canonical name is that of the zone or below it."""
    return name == zone or name.endswith(f".{zone}")


def region_of(name: str) -> str:
    """The region of a name that AWS gave to a balancer or a database; "" for all other names."""
    found = _REGION.search(name)
    return found.group(1) if found else ""


@dataclass(frozen=True, slots=True)
class Alias:
    """What an alias record answers with: a canonical name, in the zone with that id."""

    name: str
    zone: str
    evaluate: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record set. `ttl` is in seconds; an alias has none of its own, and no values.

    Of `failover` (PRIMARY, SECONDARY), `weight`, `region`, `country` (`*` for the default of a
    geolocation) and `multivalue` at most one is set, and then `identifier` too.
    """

    name: str
    kind: str
    ttl: int = 0
    values: tuple[str, ...] = ()
    alias: Alias | None = None
    health_check: str = ""
    identifier: str = ""
    failover: str = ""
    weight: int | None = None
    region: str = ""
    country: str = ""
    multivalue: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone. One with `private` answers only those who ask in one of its `vpcs`."""

    id: str
    name: str
    records: tuple[Record, ...]
    private: bool = False
    vpcs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """Who asks: somebody in a VPC, or in the internet (""); and in which region."""

    vpc: str = ""
    region: str = "us-east-1"


INTERNET = View()


class Account(Protocol):
    """What a lookup asks of the account. Every call is made under the world's lock."""

    def zones(self) -> Sequence[Zone]:
        """All hosted zones."""
        ...

    def passes(self, health_check: str) -> bool:
        """Whether Route 53 considers a health check healthy."""
        ...

    def checks(self) -> Sequence[dict[str, Any]]:
        """All health checks: id, what they check, whether healthy, and what was told last."""
        ...

    def serves(self, name: str) -> bool:
        """Whether what AWS gave this name is healthy, as `EvaluateTargetHealth` asks it."""
        ...

    def given(self, name: str, view: View) -> tuple[str, ...] | None:
        """The addresses of what AWS gave this name; None: there is nothing of that name.

        No addresses: the API knows it, and nothing real is behind it.
        """
        ...

    def listed(self) -> Sequence[str]:
        """All names that AWS gave and that `status` should show."""
        ...


class NoAccount:
    """Nothing has a name."""

    def zones(self) -> Sequence[Zone]:
        return ()

    def passes(self, health_check: str) -> bool:
        return True

    def checks(self) -> Sequence[dict[str, Any]]:
        return ()

    def serves(self, name: str) -> bool:
        return True

    def given(self, name: str, view: View) -> tuple[str, ...] | None:
        return None

    def listed(self) -> Sequence[str]:
        return ()
