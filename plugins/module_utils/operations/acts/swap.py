# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The name of staging leads to the balancer of a copy: one record of Route 53, written at once.

What it led to before was written down as the operation was begun, so it can be had back whenever a
run is cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.session import Aws
from ...aws.view import View
from ...kinds import autoscaling, elbv2, record_sets, route53, serving
from ..errors import OutOfOrder
from .stage import Evidence, Stage

HINT = "run the same playbook again: it goes on here"
IN_SYNC = "INSYNC"
Alias = Mapping[str, Any]


def look(stage: Stage) -> Evidence | None:
    """What shows that it leads here."""
    own = _own(stage)
    return _evidence(stage, own) if _leads_to(stage) == own else None


def act(stage: Stage) -> Evidence:
    """Raises OutOfOrder where the copy has no balancer, or somebody else answers for the name."""
    own, now, before = _own(stage), _leads_to(stage), _told(stage)["before"]
    if now not in (own, before):
        raise OutOfOrder(
            f"{_told(stage)['domain']} leads to {_name(now)} by now, and led to {_name(before)} as "
            "this was begun; it is left alone",
            "see who has written it; then run the same playbook again",
        )
    point(stage, own)
    return {**_evidence(stage, own), "did": [f"route53 UPSERT {_told(stage)['domain']}"]}


def back(stage: Stage) -> Evidence:
    """The name leads again to what it led to before, where it leads here; by no other's record is
    anything changed.
    """
    found, before = _leads_to(stage), _told(stage)["before"]
    if found != _own(stage, must=False) or found == before or not found:
        return {"name": _told(stage)["domain"], "leads_to": _name(found)}
    point(stage, before)
    did = [f"route53 {'UPSERT' if before else 'DELETE'} {_told(stage)['domain']}"]
    return {"name": _told(stage)["domain"], "leads_to": _name(before), "did": did}


def unchanged(here: Aws, declares: Mapping[str, Any]) -> None:
    """Raises OutOfOrder where the name leads elsewhere than as the copy was chosen."""
    now, before = alias(View(here), declares["domain"], declares["zone"]), declares["before"]
    if now != before:
        raise OutOfOrder(
            f"{declares['domain']} leads to {_name(now)} by now, not to {_name(before)}",
            "somebody else has moved it; run the same playbook again",
        )


def answers(here: Aws) -> None:
    """Raises OutOfOrder where no host of the copy is healthy, to which the name is to lead."""
    view, scope = View(here), here.scope
    groups = autoscaling.named(view, scope.name("web"))
    if not any(serving.healthy(view, group) for group in groups):
        raise OutOfOrder(
            f"no host of {scope.environment} is healthy, so its name would lead to nothing",
            "aws elbv2 describe-target-health tells why; or make a new copy: playbook staging",
        )


def point(stage: Stage, target: Alias) -> None:
    """Writes the record, removes it where there is no target, and waits until all name servers of
    Route 53 have it.
    """
    told, view = _told(stage), View(stage.here)
    zone = _zone(view, told["zone"])
    record = _record(told["domain"], target or _leads_to(stage))
    action = "UPSERT" if target else "DELETE"
    client = stage.here.client("route53")
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    answer = client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    id = answer["ChangeInfo"]["Id"]

    def missing() -> str:
        status = str(client.get_change(Id=id)["ChangeInfo"]["Status"])
        return "" if status == IN_SYNC else f"the change is {status}"

    stage.wait("name servers", missing, HINT)


def alias(view: View, domain: str, zone: str) -> dict[str, Any]:
    """What a name leads to: {"name", "zone"} of a balancer, {} where nothing answers for it.

    Raises OutOfOrder where it is no plain alias, which is somebody else's.
    """
    raws = [
        raw
        for raw in route53.records(view, _zone(view, zone))
        if route53.bare(raw["Name"]) == domain and raw["Type"] in record_sets.ADDRESSES
    ]
    if not raws:
        return {}
    found = record_sets.spec_of(raws[0])
    if len(raws) > 1 or not found["alias"] or found["set_identifier"]:
        kinds = ", ".join(sorted({raw["Type"] for raw in raws}))
        raise OutOfOrder(
            f"{domain} is answered by a record that is no staging's ({kinds})",
            "remove it, or give staging another name",
        )
    return {"name": found["alias"]["name"], "zone": found["alias"]["zone"]}


def balancer(view: View) -> dict[str, Any]:
    """That of a copy, as an alias names it; {} where it has none."""
    for item in elbv2.balancers(view):
        return {
            "name": item["DNSName"].lower(),
            "zone": item["CanonicalHostedZoneId"],
        }
    return {}


def _zone(view: View, name: str) -> str:
    zone = route53.zone_named(view, name, "")
    if not zone:
        raise OutOfOrder(
            f"there is no zone {name} in this account",
            "declare the zone in which the name of staging lies",
        )
    return zone


def _record(domain: str, target: Alias) -> dict[str, Any]:
    whole = {**target, "evaluate": True}
    plain = {"set_identifier": "", "failover": "", "health_check": ""}
    return record_sets.record_set({"name": domain, "type": "A", "alias": whole, **plain})


def _told(stage: Stage) -> Mapping[str, Any]:
    declares: Mapping[str, Any] = stage.journal.opened["told"]["declares"]
    return declares


def _leads_to(stage: Stage) -> dict[str, Any]:
    told = _told(stage)
    return alias(View(stage.here), told["domain"], told["zone"])


def _own(stage: Stage, must: bool = True) -> dict[str, Any]:
    found = balancer(View(stage.here))
    if must and not found:
        raise OutOfOrder(
            f"{stage.scope.environment} has no balancer to which its name could lead",
            "let playbook staging build a copy",
        )
    return found


def _name(target: Alias) -> str:
    return str(target["name"]) if target else "nothing"


def _evidence(stage: Stage, own: Alias) -> Evidence:
    before = _told(stage)["before"]
    return {"name": _told(stage)["domain"], "leads_to": own["name"], "before": _name(before)}
