# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The old primary is kept from taking writes, as far as its region can be reached at all.

The only act that sends anything to that region: a few named calls, each given up soon, all layers
at once, and what became of each is recorded. One that is confirmed is enough for the old primary to
take no write of the application any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...aws.errors import Meaning, code, meaning
from ...converge import active
from ...converge.active import Active
from ..errors import NotDone, Unfenced
from ..manifest import known
from .stage import Evidence, Stage

# All that may be sent to the region that is given up.
CALLS = (
    "AddTagsToResource",
    "DescribeAutoScalingGroups",
    "DescribeDBInstances",
    "DescribeSecurityGroupRules",
    "GetParameter",
    "PutParameter",
    "RebootDBInstance",
    "RevokeSecurityGroupIngress",
    "UpdateAutoScalingGroup",
)
BOX = 90.0  # seconds for a layer that answers
EARLY = 5.0  # seconds for which an instance may be shown as it was
LOOK = 1.0
CONFIRMED, SILENT, REFUSED = "confirmed", "silent", "refused"
Layer = Callable[[Stage], str]


def look(stage: Stage) -> Evidence | None:
    """What was confirmed before. None where nothing was: by now the region may answer."""
    before = stage.journal.done("fence")
    return dict(before) if before and before["fenced"] else None


def act(stage: Stage) -> Evidence:
    """Raises Unfenced where no layer that keeps writes away is confirmed, and nobody accepted that,
    now or when the operation came here first.

    The hosts are sent away first, for they would hold connections that are open already.
    """
    with ThreadPoolExecutor(len(LAYERS)) as pool:
        found = dict(
            zip(LAYERS, pool.map(lambda layer: _tried(stage, layer), LAYERS.values()), strict=True)
        )
    fenced = [name for name in KEEPING if found[name]["outcome"] == CONFIRMED]
    accepted = stage.options["accept_unfenced"] or stage.journal.done("fence") is not None
    if not fenced and not accepted:
        told = "; ".join(f"{name}: {layer['said']}" for name, layer in found.items())
        raise Unfenced(
            f"nothing shows that the database of {stage.old.site} takes no writes any more ({told})"
            ". Nothing was promoted",
            "what it takes after the promotion the new database lacks; that is exported when its "
            "region is back. To go on all the same: -e accept_unfenced=true",
        )
    # From here on a run of site.yml would undo the fence, or take the new primary for a mistake.
    active.write(stage.here, moving(stage))
    return {"fenced": bool(fenced), "layers": found, "did": [f["did"] for f in found.values()]}


def _tried(stage: Stage, layer: Layer) -> dict[str, str]:
    began, name = time.monotonic(), (layer.__doc__ or "").strip()
    try:
        outcome, said = CONFIRMED, layer(stage)
    except Exception as error:
        silent = meaning(error) in (Meaning.UNCLEAR, Meaning.THROTTLED)
        outcome = SILENT if silent else REFUSED
        said = f"{code(error)}: {error}" if not isinstance(error, NotDone) else str(error)
    took = f"{time.monotonic() - began:.1f} s"
    return {"outcome": outcome, "said": said, "took": took, "did": f"{name}: {outcome}, {said}"}


def _record(stage: Stage) -> str:
    """Tell the old region who serves"""
    wanted = next_active(stage)
    if not active.write(stage.there, wanted):
        raise NotDone(f"there is a newer record than that of epoch {wanted.epoch}")
    return f"epoch {wanted.epoch} is written there"


def _hosts(stage: Stage) -> str:
    """Send the old hosts away"""
    client, name = stage.there.client("autoscaling"), stage.old.name("web")
    _ask(
        lambda: client.update_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=0, MaxSize=0, DesiredCapacity=0
        )
    )

    def left() -> str:
        groups = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        ids = [i["InstanceId"] for g in groups["AutoScalingGroups"] for i in g["Instances"]]
        return f"{', '.join(ids)} still there" if ids else ""

    _within(left)
    return f"{name} has no hosts"


def _database(stage: Stage) -> str:
    """Let nobody in to the old database, and end who is in"""
    ec2, rds, name = stage.there.client("ec2"), stage.there.client("rds"), stage.old.database
    group = _group(stage)
    rules = list(_let_in(ec2, group))
    if rules:
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=rules)
    left = list(_let_in(ec2, group))
    if left:
        raise NotDone(f"{group} still lets in by {', '.join(left)}")
    # Connections that are open outlive their rule.
    _ask(lambda: rds.reboot_db_instance(DBInstanceIdentifier=name))
    began = time.monotonic()

    def busy() -> str:
        [item] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        status = str(item["DBInstanceStatus"])
        # It may be shown as available for a moment before it begins.
        early = time.monotonic() - began < EARLY
        return f"{name} is {status}" if early or status != "available" else ""

    _within(busy)
    return f"{group} lets nobody in, and {name} was restarted"


def _group(stage: Stage) -> str:
    told = known(stage.manifest, stage.old.site).get("security_group/database", {})
    if not told.get("id"):
        raise NotDone("the manifest does not tell the group of the old database")
    return str(told["id"])


def _let_in(ec2: Any, group: str) -> Iterable[str]:
    answer = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return (r["SecurityGroupRuleId"] for r in answer["SecurityGroupRules"] if not r["IsEgress"])


def _ask(call: Callable[[], Any]) -> None:
    """Asks for something, and again while AWS is busy there with something else."""

    def refused() -> str:
        try:
            call()
        except Exception as error:
            if meaning(error) is not Meaning.BLOCKED:
                raise
            return str(error)
        return ""

    _within(refused)


def _within(state: Callable[[], str]) -> None:
    """Raises NotDone with what is still the case when the time for a layer is over."""
    end = time.monotonic() + BOX
    while told := state():
        if time.monotonic() > end:
            raise NotDone(f"after {BOX:.0f} s {told}")
        time.sleep(LOOK)


def next_active(stage: Stage) -> Active:
    """What is to be known of who serves, once the operation is through."""
    opened = stage.journal.opened
    return Active(
        epoch=int(opened["epoch"]) + 1,
        site=stage.scope.site,
        protected=False,
        since=str(opened["began"]),
        operation=stage.journal.id,
    )


def moving(stage: Stage) -> Active:
    """What is to be known of who serves until then."""
    opened = stage.journal.opened
    return Active(
        epoch=int(opened["epoch"]),
        site=str(opened["from"]),
        since=str(opened["began"]),
        operation=stage.journal.id,
        moving=True,
    )


LAYERS: Mapping[str, Layer] = {"record": _record, "hosts": _hosts, "database": _database}
# Those that keep writes away by themselves.
KEEPING = ("hosts", "database")
