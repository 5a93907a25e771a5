# SPDX-License-Identifier: GPL-3.0-or-later
"""What a name answers, out of the account's zones and the places of what AWS gave a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from sandbox.names.choice import choose
from sandbox.names.places import Places
from sandbox.names.records import INTERNET, Account, Record, View, Zone, canonical, parent, within

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
ALIAS_TTL = 60
RDS_TTL = 5
_MOST_STEPS = 8  # of names that lead to names
_OF_AWS = ("elb.amazonaws.com.", "rds.amazonaws.com.", "internal.")

Groups = Mapping[str, Mapping[str, Sequence[Record]]]


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one name and type; `ttl` in seconds, each value as text of a zone file."""

    name: str
    kind: str
    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is that of DNS by name; `authority` tells where an answer is to be had, or that none
    is there and for how long."""

    code: str = "NOERROR"
    answers: tuple[Values, ...] = ()
    authority: tuple[Values, ...] = ()
    authoritative: bool = True

    def addresses(self) -> tuple[str, ...]:
        """The IPv4 addresses among the answers."""
        return tuple(v for found in self.answers if found.kind == "A" for v in found.values)


@dataclass(frozen=True, slots=True)
class _Step:
    code: str = "NOERROR"
    answers: tuple[Values, ...] = ()
    authority: tuple[Values, ...] = ()
    authoritative: bool = True
    goes_on: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Whoever calls holds the world's lock."""

    account: Account
    places: Places
    dice: Random = field(default_factory=Random)

    def answer(self, name: str, kind: str, view: View = INTERNET) -> Answer:
        """What somebody gets who asks for a name; CNAMEs are followed."""
        name, found = canonical(name), list[Values]()
        zones = self.account.zones()
        for _ in range(_MOST_STEPS):
            step = self._step(zones, name, kind, view)
            found += step.answers
            if not step.goes_on:
                return Answer(step.code, tuple(found), step.authority, step.authoritative)
            name = step.goes_on
        return Answer("SERVFAIL", tuple(found))

    def answer_of(self, zone_id: str, name: str, kind: str) -> Answer:
        """What the name servers of one public zone answer, and nobody else. Raises KeyError."""
        zone = {zone.id: zone for zone in self.account.zones()}[zone_id]
        if not within(canonical(name), zone.name):
            return Answer("REFUSED", authoritative=False)
        step = self._in_zone(zone, canonical(name), kind, INTERNET)
        return Answer(step.code, step.answers, step.authority, step.authoritative)

    def _step(self, zones: Sequence[Zone], name: str, kind: str, view: View) -> _Step:
        # A private zone hides all that others say of its names.
        private = _nearest((z for z in zones if z.private and view.vpc in z.vpcs), name)
        if private:
            return self._in_zone(private, name, kind, view)
        there = self._given(name, view)
        if there is not None:
            ttl = RDS_TTL if within(name, _OF_AWS[1]) else ALIAS_TTL
            return _Step(answers=_addresses(name, kind, ttl, there))
        public = _nearest((z for z in zones if not z.private), name)
        if public:
            return self._in_zone(public, name, kind, view)
        return _Step("NXDOMAIN", authoritative=False)

    def _given(self, name: str, view: View) -> tuple[str, ...] | None:
        """The addresses of what AWS gave a name; None: it gave nothing that name."""
        found = self.places.find(name, view)
        if found is not None:
            return found
        plain = name.removeprefix("dualstack.")
        given = self.account.given(plain, view)
        if given is not None:
            return self.places.find(plain, view) or given or (self.places.nowhere(plain),)
        if name.rstrip(".").endswith(tuple(end.rstrip(".") for end in _OF_AWS)):
            return None
        return self.places.find_wild(name, view)

    def _in_zone(self, zone: Zone, name: str, kind: str, view: View) -> _Step:
        groups = _groups(zone)
        cut = _delegation(zone, groups, name)
        if cut:
            return _Step(authority=(cut,), authoritative=False)
        node = _node(zone, groups, name)
        if node is None:
            return _Step("NXDOMAIN", authority=_none(groups, zone))
        wanted = sorted(node) if kind == "ANY" else [kind] if kind in node else []
        if not wanted and "CNAME" in node:
            for found in self._resolve(zone, groups, node["CNAME"], name, view):
                return _Step(answers=(found,), goes_on=canonical(found.values[0]))
        answers = [v for one in wanted for v in self._resolve(zone, groups, node[one], name, view)]
        return _Step(answers=tuple(answers), authority=() if answers else _none(groups, zone))

    def _resolve(
        self, zone: Zone, groups: Groups, group: Sequence[Record], name: str, view: View
    ) -> list[Values]:
        """The values of a group of records, told of `name`."""

        def healthy(record: Record) -> bool:
            return self._healthy(zone, groups, record)

        kind, found = group[0].kind, list[tuple[int, tuple[str, ...]]]()
        for record in choose(group, healthy, view.region, self.dice):
            if record.alias is None:
                found.append((record.ttl, record.values))
                continue
            target = record.alias.name
            if record.alias.zone == zone.id:
                behind = groups.get(target, {}).get(kind)
                resolved = self._resolve(zone, groups, behind, name, view) if behind else []
                found += [(values.ttl, values.values) for values in resolved]
            else:
                there = self._given(target, view) or ()
                found += [(v.ttl, v.values) for v in _addresses(target, kind, ALIAS_TTL, there)]
        values = tuple(dict.fromkeys(value for _, some in found for value in some))
        return [Values(name, kind, min(ttl for ttl, _ in found), values)] if values else []

    def _healthy(self, zone: Zone, groups: Groups, record: Record) -> bool:
        """Whether a record is considered to be: by its health check, and by what it leads to."""
        if record.health_check and not self.account.passes(record.health_check):
            return False
        if record.alias is None or not record.alias.evaluate:
            return True
        if record.alias.zone != zone.id:
            return self.account.serves(record.alias.name.removeprefix("dualstack."))
        behind = groups.get(record.alias.name, {}).get(record.kind, ())
        return any(self._healthy(zone, groups, one) for one in behind)


def _nearest(zones: Iterable[Zone], name: str) -> Zone | None:
    over = [zone for zone in zones if within(name, zone.name)]
    return max(over, key=lambda zone: zone.name.count("."), default=None)


def _groups(zone: Zone) -> Groups:
    groups: dict[str, dict[str, list[Record]]] = {}
    for record in zone.records:
        groups.setdefault(record.name, {}).setdefault(record.kind, []).append(record)
    return groups


def _node(zone: Zone, groups: Groups, name: str) -> Mapping[str, Sequence[Record]] | None:
    """The records of a name, if need be by a wildcard (RFC 4592); None: there is no such name."""
    if name in groups:
        return groups[name]
    if any(within(other, name) for other in groups):
        return {}  # A name without records, above one that has some.
    above = parent(name)
    while above != zone.name and not any(within(other, above) for other in groups):
        above = parent(above)
    return groups.get(f"\\052.{above}")


def _delegation(zone: Zone, groups: Groups, name: str) -> Values | None:
    """The name servers to which a zone has given a name or one above it."""
    while name != zone.name:
        servers = groups.get(name, {}).get("NS")
        if servers:
            return Values(name, "NS", servers[0].ttl, servers[0].values)
        name = parent(name)
    return None


def _none(groups: Groups, zone: Zone) -> tuple[Values, ...]:
    """That there is nothing, for as long as the last number of the SOA says (RFC 2308)."""
    [soa] = groups[zone.name]["SOA"]
    ttl = min(soa.ttl, int(soa.values[0].split()[-1]))
    return (Values(zone.name, "SOA", ttl, soa.values),)


def _addresses(name: str, kind: str, ttl: int, found: Sequence[str]) -> tuple[Values, ...]:
    """The addresses of what AWS named; it has no others than IPv4 here."""
    return (Values(name, "A", ttl, tuple(found)),) if found and kind in ("A", "ANY") else ()
