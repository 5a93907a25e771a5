# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosted zones, their records, and the time until a change is everywhere."""

from __future__ import annotations

import secrets
import string
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53.exceptions import InvalidActionValue
from moto.route53.exceptions import Route53ClientError as Refusal
from moto.route53.models import RecordSet, Route53Backend
from moto.route53.responses import Route53

from sandbox.names.records import canonical
from sandbox.shims import Hook, _acm_proof, _zone_rules
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateHostedZone with a CallerReference used before is refused.",
    "The SOA record of a new zone is the one that AWS makes.",
    "A change batch is done as a whole or not at all.",
    "CREATE of what exists, and DELETE of what is not there just so, are refused.",
    "DELETE with a SetIdentifier deletes that one record.",
    "Records that AWS refuses: two primaries, mixed policies, CNAME at the apex, dead aliases, "
    "values that are not of the record's type.",
    "A weight over 255 and a TTL over 2147483647 are refused, and an alias to a record of its zone "
    "that is not there by then.",
    "A primary record that is no alias wants a health check, and it must exist.",
    "Names are told as Route 53 stores them: lower case, with a final dot, `*` escaped.",
    "A change is PENDING until it is everywhere, and an unknown change is refused.",
    "Tags of unknown zones and health checks are refused; ten resources at once at most.",
    "Not more than ten tags are taken by a zone or a health check.",
)
HOOKS: tuple[Hook, ...] = (
    (Route53Backend, "create_hosted_zone", ("name", "private_zone", "caller_reference")),
    (Route53Backend, "change_resource_record_sets", ("zoneid", "change_list")),
    (Route53, "create_hosted_zone", ()),
    (Route53, "delete_hosted_zone", ()),
    (Route53, "change_resource_record_sets", ()),
    (Route53, "get_change", ()),
    (Route53, "list_tags_for_resource", ()),
    (Route53, "list_tags_for_resources", ()),
    (Route53, "change_tags_for_resource", ()),
)
MOST_TAGGED = 10
MOST_TAGS = 10


def zones() -> None:
    @wrap(Route53Backend, "create_hosted_zone")
    def create_hosted_zone(
        original: Any,
        self: Any,
        name: str,
        private_zone: bool,
        caller_reference: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        used = self.__dict__.setdefault("zone_references", set())
        if caller_reference in used:
            raise Refusal(
                "HostedZoneAlreadyExists",
                f"A hosted zone has already been created with the specified caller reference: "
                f"{caller_reference}",
            )
        zone = original(name.lower(), private_zone, caller_reference, *args, **kwargs)
        used.add(caller_reference)
        [soa] = (found for found in zone.rrsets if found.type == "SOA")
        server = zone.delegation_set.name_servers[0]
        soa.records = [f"{server}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"]
        return zone


def apply(backend: Any, zone: Any, changes: list[dict[str, Any]]) -> list[RecordSet]:
    """The records of the zone after the changes, or AWS's refusal of all of them."""
    make: Any = RecordSet
    sets = {_zone_rules.key_of_set(found): found for found in zone.rrsets}
    for change in changes:
        action, record = change["Action"], _zone_rules.normal(change["ResourceRecordSet"])
        if action not in ("CREATE", "UPSERT", "DELETE"):
            raise InvalidActionValue(action)
        key, made = _zone_rules.key_of(record), make(record)
        shown = f"resource record set [name='{key[0]}', type='{key[1]}']"
        if action == "DELETE":
            check_delete(zone, sets.get(key), made, shown)
            del sets[key]
            continue
        _zone_rules.check(backend, zone, record, {(name, kind) for name, kind, _ in sets})
        if action == "CREATE" and key in sets:
            raise _zone_rules.wrong_batch(f"Tried to create {shown} but it already exists")
        sets[key] = made
    after = list(sets.values())
    _zone_rules.check_together(after)
    return after


def check_delete(zone: Any, found: RecordSet | None, wanted: RecordSet, shown: str) -> None:
    if found is None:
        raise _zone_rules.wrong_batch(f"Tried to delete {shown} but it was not found")
    apex = canonical(zone.name)
    if found.type in ("NS", "SOA") and canonical(found.name) == apex:
        raise _zone_rules.wrong_batch(f"A HostedZone must contain its {found.type} record")
    if _zone_rules.values(found) != _zone_rules.values(wanted):
        raise _zone_rules.wrong_batch(
            f"Tried to delete {shown} but the values provided do not match the current values"
        )


def records(world: World) -> None:
    @wrap(Route53Backend, "change_resource_record_sets")
    def change_resource_record_sets(
        _original: Any, self: Any, zoneid: str, change_list: list[dict[str, Any]]
    ) -> None:
        zone = self.get_hosted_zone(zoneid)
        zone.rrsets = apply(self, zone, change_list)
        _acm_proof.look(world, self.account_id)


def changes(world: World) -> None:
    for name in ("create_hosted_zone", "delete_hosted_zone", "change_resource_record_sets"):

        @wrap(Route53, name)
        def note(original: Any, self: Any) -> ActionResult:
            answer: Any = original().result
            answer["ChangeInfo"] = begin(world, self.backend)
            return ActionResult(answer)

    @wrap(Route53, "get_change")
    def get_change(_original: Any, self: Any) -> ActionResult:
        name = self._get_param("Id").rsplit("/", 1)[-1]
        known = self.backend.__dict__.setdefault("changes", {})
        if name not in known:
            raise Refusal("NoSuchChange", f"A change with id {name} does not exist.")
        return ActionResult({"ChangeInfo": known[name]})


def begin(world: World, backend: Any) -> dict[str, Any]:
    """A new change; what is told of it now stays as it is told now."""
    name = "C" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(20))
    change = {"Id": f"/change/{name}", "Status": "PENDING", "SubmittedAt": utcnow()}
    backend.__dict__.setdefault("changes", {})[name] = change

    def in_sync() -> None:
        change["Status"] = "INSYNC"

    world.later(world.seconds("route53_insync"), in_sync, f"change {name} is everywhere")
    return dict(change)


def check_tagged(backend: Any, kind: str, names: list[str]) -> None:
    known = backend.zones if kind == "hostedzone" else backend.health_checks
    word = "HostedZone" if kind == "hostedzone" else "HealthCheck"
    for name in names:
        if name not in known:
            raise Refusal(f"NoSuch{word}", f"No {word} found with ID: {name}")


def tags() -> None:
    for call in ("list_tags_for_resource", "change_tags_for_resource"):

        @wrap(Route53, call)
        def one(original: Any, self: Any) -> Any:
            resource = self._get_param("ResourceId")
            self._validate_resource_id(resource, self._get_param("ResourceType"))
            check_tagged(self.backend, self._get_param("ResourceType"), [resource])
            if len(self._get_param("AddTags") or ()) > MOST_TAGS:
                raise Refusal("InvalidInput", f"At most {MOST_TAGS} tags can be added.")
            return original()

    @wrap(Route53, "list_tags_for_resources")
    def many(original: Any, self: Any) -> Any:
        names = self._get_param("ResourceIds")
        if len(names) > MOST_TAGGED:
            raise Refusal("InvalidInput", f"At most {MOST_TAGGED} resources can be listed at once")
        check_tagged(self.backend, self._get_param("ResourceType"), names)
        return original()


def install(world: World) -> None:
    """Change how the emulator keeps zones and records."""
    zones()
    records(world)
    changes(world)
    tags()
