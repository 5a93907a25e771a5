# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Route 53's kinds share: zones, records and tags as one look sees them, and references.

Route 53 takes no tags in a create call, but it keeps the caller's reference and tells it: that is
what an object is known by until, and after, it is tagged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.scope import Scope, pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Want
from .arn_tags import current, tagged
from .base import tag_edits

SERVICE = "route53"
GENERATIONS = 100
TAG_BATCH = 10


def reference(scope: Scope, kind: str) -> str:
    """How the references of all our objects of a kind begin; a health check's takes 64 in all."""
    return scope.token(kind, {}) + "/"


def ours(
    scope: Scope, kind: str, items: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(id, item) of those whose reference is one of ours."""
    start = reference(scope, kind)
    for item in items:
        found = str(item["CallerReference"])
        if found.startswith(start):
            yield found.removeprefix(start).rpartition(".")[0], item


def create(
    scope: Scope,
    kind: str,
    id: str,
    make: Callable[[str], Mapping[str, Any]],
    living: Callable[[], Iterable[Mapping[str, Any]]],
) -> Mapping[str, Any]:
    """What `make` answers to the first reference that no deleted object has used up.

    Route 53 remembers the references of deleted objects for days. living: all that exist; where the
    refused reference is among them the refusal stands, and the caller adopts what is there.
    """
    for generation in range(GENERATIONS):
        name = f"{reference(scope, kind)}{id}.{generation}"
        try:
            return make(name)
        except Exception as error:
            used = meaning(error) is Meaning.EXISTS
            if not used or any(item["CallerReference"] == name for item in living()):
                raise
    raise LookupError(f"{kind}/{id}: {GENERATIONS} references are used up")


def zones(view: View) -> list[dict[str, Any]]:
    """All hosted zones of the account, those of others too."""
    return view.pages(SERVICE, "list_hosted_zones", "HostedZones")


def zone_named(view: View, name: str, start: str) -> str:
    """The id of the public zone of this name, "" if there is none.

    start: how its reference begins, "" for any: a name may have several zones, ours and others.
    """
    for item in zones(view):
        public = not item["Config"]["PrivateZone"]
        if public and bare(item["Name"]) == name and item["CallerReference"].startswith(start):
            return zone_id(item)
    return ""


def records(view: View, zone: str) -> list[dict[str, Any]]:
    """All records of a zone."""
    return view.pages(SERVICE, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)


def tags_by_id(
    view: View, resource: str, ids: Collection[str], wants: Sequence[Want]
) -> dict[str, dict[str, str]]:
    """Tags of zones ("hostedzone") or checks ("healthcheck") by id.

    The tagging API knows them in one region only; what it does not tell, or tells otherwise than
    declared, is asked for. wants: the declared ones.
    """
    start = f"arn:{view.scope.partition}:route53:::{resource}/"
    known = tagged(view, "route53")
    found = {
        id: dict(known[start + id])
        for id in sorted(ids)
        if start + id in known and current(known[start + id], wants)
    }
    listed = sorted(id for id in ids if id not in found)
    for first in range(0, len(listed), TAG_BATCH):
        answer = view.call(
            SERVICE,
            "list_tags_for_resources",
            ResourceType=resource,
            ResourceIds=listed[first : first + TAG_BATCH],
        )
        for item in answer["ResourceTagSets"] if answer else ():
            found[item["ResourceId"]] = canon.tags(item["Tags"])
    return found


def tag(aws: Aws, resource: str, id: str, put: Mapping[str, str], drop: Iterable[str] = ()) -> None:
    """Sets and removes tags of a zone or a check in one call."""
    edits = {"AddTags": pairs(put), "RemoveTagKeys": sorted(drop)}
    named = {key: value for key, value in edits.items() if value}
    if named:
        aws.client(SERVICE).change_tags_for_resource(ResourceType=resource, ResourceId=id, **named)


def retag(aws: Aws, resource: str, id: str, changes: Iterable[Change]) -> None:
    put, drop = tag_edits(changes)
    tag(aws, resource, id, put, drop)


def zone_id(item: Mapping[str, Any]) -> str:
    return str(item["Id"]).rpartition("/")[2]


def bare(name: str) -> str:
    """A DNS name in one spelling: lower case, no dot at the end, "*" written out."""
    return name.rstrip(".").lower().replace("\\052", "*")
