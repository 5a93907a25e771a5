# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Record of a hosted zone. One of the same name and type that is not ours is never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine.errors import EngineError, OtherSiteStands
from ..engine.model import Change, Have, Rules, Want
from . import certificates, route53
from .base import Kind, have_for
from .record_sets import change, clashes, is_ours, key_of, record_set, siblings, spec_of


class DnsRecord(Kind):
    """spec: zone (its name), zone_reference (how the zone's reference begins, "" for any), name,
    type, ttl (seconds, 0 for an alias), values (tuple), alias {name, zone, evaluate} or None,
    set_identifier, failover ("PRIMARY", "SECONDARY"), health_check (id), each "" for none; proves:
    the name that a certificate's validation record proves, else "". facts: id, name, zone.

    A given one is settled when it is routed as its want says: a plain record becomes one of a pair
    in place, and until then nothing may stand beside it.
    """

    name: ClassVar[str] = "dns_record"
    rules: ClassVar[Rules] = Rules(rank=70)
    services: ClassVar[tuple[str, ...]] = ("route53", "acm", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        found: dict[tuple[str, ...], Have] = {}
        for want in wants:
            have = _find(view, want.id, want.spec if _told(want) else _of_site(view))
            if have and want.given and not _routed(have, want):
                have = replace(have, settled=False, status="not one of a pair yet")
            if have:
                found[have.facts["zone"], *key_of(record_set(have.spec))] = have
        yield from found.values()
        for place in {_place(want.spec) for want in wants if _told(want)}:
            yield from _undeclared(view, place, found)

    def objections(self, view: View, want: Want, have: Have | None) -> Iterator[EngineError]:
        """A plain record is refused while the other site's one is there; AWS would not say why."""
        spec = want.spec
        if spec["set_identifier"] or spec["proves"]:
            return
        zone = route53.zone_named(view, *_place(spec))
        raws = route53.records(view, zone) if zone else []
        others = siblings(view.scope, raws, spec["name"])
        if others:
            yield OtherSiteStands(
                f"{spec['name']} is still answered by {' and '.join(others)}, the record of a site "
                "that is no longer declared",
                "take that site down while it is declared (destroy.yml --limit <site>), then leave "
                "it out of the declaration",
            )

    def stays(self, view: View, have: Have, *, database: bool) -> bool:
        """The name by which a copy is visited was led there once that had proved itself, and is
        none of its declaration. It goes as the copy is taken down.
        """
        return bool(view.scope.copy_of) and not have.spec["proves"]

    def shared(self, view: View, have: Have) -> bool:
        """A proof, by which certificates of others may be renewed; a zone of ours goes with all of
        its records.
        """
        spec = have.spec
        asked = bool(spec["proves"]) and not spec["zone_reference"]
        return asked and certificates.of_others(view, spec["proves"], spec["name"])

    def create(self, aws: Aws, want: Want) -> Have:
        zone = route53.zone_named(View(aws), *_place(want.spec))
        if want.spec["proves"]:
            # The sites of an account share this record and its value: whoever is second agrees.
            change(aws, zone, [("UPSERT", record_set(want.spec))])
        else:
            change(aws, zone, [("CREATE", record_set(want.spec))], once=True)
        return have_for(want, _facts(zone, want.spec))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        before, after, zone = record_set(have.spec), record_set(want.spec), have.facts["zone"]
        if key_of(before) == key_of(after):
            change(aws, zone, [("UPSERT", after)])
        else:
            # Another set identifier is another record, and the two may not stand side by side.
            change(aws, zone, [("DELETE", before), ("CREATE", after)])
        return have_for(want, _facts(zone, want.spec))

    def delete(self, aws: Aws, have: Have) -> None:
        zone, key = have.facts["zone"], key_of(record_set(have.spec))
        same = [raw for raw in route53.records(View(aws), zone) if key_of(raw) == key]
        if same:
            change(aws, zone, [("DELETE", raw) for raw in same])


def _find(view: View, id: str, spec: Mapping[str, Any]) -> Have | None:
    zone = route53.zone_named(view, *_place(spec)) if spec else ""
    raws = route53.records(view, zone) if zone else []
    name = _name(view, spec) if raws else ""
    for raw in raws:
        same = route53.bare(raw["Name"]) == name and raw["Type"] == spec["type"]
        if same and (spec["proves"] or is_ours(view.scope, raw)):
            told = {**_context(spec), "proves": spec["proves"], **spec_of(raw)}
            foreign = () if spec["proves"] else clashes(view.scope, raws, name)
            return Have(DnsRecord.name, id, told, _facts(zone, told), foreign=foreign)
    return None


def _undeclared(
    view: View, place: tuple[str, str], found: Mapping[tuple[str, ...], Have]
) -> Iterator[Have]:
    zone = route53.zone_named(view, *place)
    for raw in route53.records(view, zone) if zone else ():
        if is_ours(view.scope, raw) and (zone, *key_of(raw)) not in found:
            spec = {"zone": place[0], "zone_reference": place[1], "proves": "", **spec_of(raw)}
            yield Have(DnsRecord.name, f"{spec['name']}-{raw['Type']}", spec, _facts(zone, spec))


def _name(view: View, spec: Mapping[str, Any]) -> str:
    """The record's name; that of a validation record only its certificate knows."""
    proves = spec["proves"]
    if not proves:
        return str(spec["name"])
    for item in certificates.ours(view, [proves]):
        if item.alive and proves in item.records:
            return item.records[proves][0]
    return ""


def _routed(have: Have, want: Want) -> bool:
    keys = {"set_identifier", "failover"} & want.spec.keys()
    return all(have.spec[key] == want.spec[key] for key in keys)


def _told(want: Want) -> bool:
    """False for what another tier of the site looks up: it does not know the domain."""
    return bool(want.spec) and (not want.given or bool(want.site))


def _of_site(view: View) -> Mapping[str, Any]:
    """Where to look for the site's record without its declaration: its certificate says."""
    item = certificates.chosen(view, {})
    if not item:
        return {}
    names = {route53.bare(zone["Name"]) for zone in route53.zones(view)}
    above = [name for name in names if f".{item.domain}".endswith(f".{name}")]
    zone = max(above, key=len, default="")
    return {"zone": zone, "zone_reference": "", "name": item.domain, "type": "A", "proves": ""}


def _place(spec: Mapping[str, Any]) -> tuple[str, str]:
    return spec["zone"], spec["zone_reference"]


def _context(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"zone": spec["zone"], "zone_reference": spec["zone_reference"]}


def _facts(zone: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    id = "/".join((zone, spec["name"], spec["type"], spec["set_identifier"])).rstrip("/")
    return {"id": id, "zone": zone, "name": spec["name"]}
