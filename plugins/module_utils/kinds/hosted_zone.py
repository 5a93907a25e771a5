# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosted zone: public DNS of one domain. Route 53 is one for all regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Conflict, Meaning, meaning
from ..aws.scope import ENVIRONMENT, SITE
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.errors import EngineError, NameTaken
from ..engine.model import Change, Have, Rules, Want
from . import route53
from .base import Kind, have_for
from .record_sets import strangers

RESOURCE = "hostedzone"


class HostedZone(Kind):
    """spec: name (str), tags. facts: id, arn, name, name_servers (tuple).

    A given want with `managed: False` finds the account's public zone of that name, whoever made
    it.
    """

    name: ClassVar[str] = "hosted_zone"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"name"}), stateful=True, rank=10)
    services: ClassVar[tuple[str, ...]] = ("route53", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        found = dict(route53.ours(view.scope, self.name, route53.zones(view)))
        for want in wants:
            if want.id not in found and want.spec.get("managed") is False:
                found.update(_named(view, want))
        tags = route53.tags_by_id(
            view, RESOURCE, [route53.zone_id(item) for item in found.values()], wants
        )
        for id, item in found.items():
            zone = route53.zone_id(item)
            name = route53.bare(item["Name"])
            facts = _facts(view.scope.partition, zone, name, _servers(view, zone, name))
            yield Have(self.name, id, {"name": name, "tags": tags.get(zone, {})}, facts)

    def objections(self, view: View, want: Want, have: Have | None) -> Iterator[EngineError]:
        """Route 53 makes a second zone of a name in silence; visitors are led to one of the two."""
        name = want.spec["name"]
        other = "" if have else route53.zone_named(view, name, "")
        if other:
            yield NameTaken(
                f"the account has a public zone {name} already, {other}, of {_owner(view, other)}; "
                "a second one would answer nobody, or in its place",
                f"to use that zone say traffic_zone: {name} and traffic_zone_managed: false, with "
                "a traffic_domain in it that nobody answers for; or choose another traffic_domain",
            )

    def create(self, aws: Aws, want: Want) -> Have:
        def make(reference: str) -> Mapping[str, Any]:
            answer: Mapping[str, Any] = aws.once("route53").create_hosted_zone(
                Name=want.spec["name"], CallerReference=reference
            )
            return answer

        answer = route53.create(
            aws.scope, self.name, want.id, make, lambda: route53.zones(View(aws))
        )
        zone = route53.zone_id(answer["HostedZone"])
        route53.tag(aws, RESOURCE, zone, want.spec["tags"])
        servers = tuple(sorted(answer["DelegationSet"]["NameServers"]))
        return have_for(want, _facts(aws.scope.partition, zone, want.spec["name"], servers))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        route53.retag(aws, RESOURCE, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Removes a zone that holds no records but its own two; Route 53 refuses any other.

        Records of ours may be on their way out. Those of others stay, so waiting is of no use.
        """
        try:
            aws.client("route53").delete_hosted_zone(Id=have.facts["id"])
        except Exception as error:
            if meaning(error) is not Meaning.BLOCKED:
                raise
            raws = route53.records(View(aws), have.facts["id"])
            others = strangers(aws.scope, raws, have.facts["name"])
            if not others:
                raise
            raise Conflict(
                f"zone {have.facts['name']} holds records of others: {', '.join(others)}; move "
                "them to another zone, or remove them"
            ) from error


def _owner(view: View, zone: str) -> str:
    """Whose a zone is, by its tags, in words."""
    target = {"ResourceType": RESOURCE, "ResourceId": zone}
    answer = view.call("route53", "list_tags_for_resource", **target)
    tags = canon.tags(answer["ResourceTagSet"]["Tags"]) if answer else {}
    if ENVIRONMENT in tags:
        return f"environment {tags[ENVIRONMENT]}, site {tags.get(SITE, 'unknown')}"
    return "somebody else, without owner tags"


def _named(view: View, want: Want) -> dict[str, Mapping[str, Any]]:
    zone = route53.zone_named(view, want.spec["name"], "")
    same = [item for item in route53.zones(view) if zone and route53.zone_id(item) == zone]
    return {want.id: same[0]} if same else {}


def _servers(view: View, zone: str, name: str) -> tuple[str, ...]:
    """From the zone's own NS record: the list of zones does not tell them, the records are read."""
    for record in route53.records(view, zone):
        if record["Type"] == "NS" and route53.bare(record["Name"]) == name:
            return tuple(sorted(item["Value"] for item in record["ResourceRecords"]))
    return ()


def _facts(partition: str, zone: str, name: str, servers: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": zone,
        "arn": f"arn:{partition}:route53:::hostedzone/{zone}",
        "name": name,
        "name_servers": servers,
    }
