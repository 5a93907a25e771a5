# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The layers of the fence: a few named calls each, in a box of time, and what became of it.

A region that is slow or half dead is asked again until its box is over, so that it is fenced; one
that answers nothing at all is given up after a few attempts.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ...aws.errors import Meaning, code, meaning, status
from ...aws.session import Aws
from ...converge import active, lease
from ...converge.entries import Entries
from ...converge.holder import alone
from ..errors import NotDone
from ..manifest import known
from . import old_database
from .stage import Stage

# All that may be sent to the region that is given up.
CALLS = (
    "AddTagsToResource",
    "DeleteParameter",
    "DescribeAutoScalingGroups",
    "DescribeDBInstances",
    "DescribeSecurityGroupRules",
    "GetParameter",
    "GetParametersByPath",
    "PutParameter",
    "RebootDBInstance",
    "RevokeSecurityGroupIngress",
    "UpdateAutoScalingGroup",
)
BOX = 90.0  # seconds for a layer that answers
# States in which an instance has no sessions, and gets none as long as nobody is let in.
SERVING_NOBODY = frozenset({"stopped", "failed", "inaccessible-encryption-credentials"})
EARLY = 5.0  # seconds for which an instance may be shown as it was
LOOK = 1.0
SILENCES = 3  # attempts in a row without any answer, after which a layer is given up
CONFIRMED, UNDERWAY, SILENT, REFUSED = "confirmed", "under way", "silent", "refused"
AGAIN = (Meaning.BLOCKED, Meaning.THROTTLED, Meaning.UNCLEAR)
Answer = TypeVar("Answer")
Told = Mapping[str, str]


class Underway(NotDone):
    """AWS has taken the order, and what it is for has not come about yet."""


class Box:
    """The time of one layer: one deadline for all that it asks."""

    def __init__(self, silences: int, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._most = silences
        self._silences = 0

    @property
    def over(self) -> bool:
        return time.monotonic() > self._end

    def ask(self, call: Callable[[], Answer]) -> Answer:
        """What a call answers; it is made again while AWS is busy, throttles, or tells nothing
        clear. Raises what it raised last.
        """
        while True:
            try:
                answer = call()
            except Exception as error:
                # An error of AWS is an answer all the same: somebody is there.
                self._silences = 0 if status(error) else self._silences + 1
                if meaning(error) not in AGAIN or self._silences >= self._most or self.over:
                    raise
            else:
                self._silences = 0
                return answer
            time.sleep(LOOK)

    def until(self, state: Callable[[], str], late: type[NotDone] = NotDone) -> None:
        """Raises `late` with what `state` still tells when the box is over."""
        while told := self.ask(state):
            if self.over:
                raise late(f"after {self._seconds:.0f} s {told}")
            time.sleep(LOOK)


@dataclass(frozen=True, slots=True)
class Layer:
    """title: an order. act: carries it out, and answers what is the case then. undone: what shows
    that it is the case no more, "" where nothing does.
    """

    title: str
    act: Callable[[Stage, Box], str]
    undone: Callable[[Stage], str] = lambda _stage: ""


def at_once(
    stage: Stage,
    layers: Mapping[str, Layer],
    silences: int = SILENCES,
    seconds: float | None = None,
) -> dict[str, dict[str, str]]:
    """All of these, and what became of each: outcome, said, took, did.

    silences: attempts without any answer after which one is given up. seconds: for each of those
    that answer, BOX where nothing is said.
    """
    box = partial(Box, silences, BOX if seconds is None else seconds)
    if not layers:
        return {}
    with ThreadPoolExecutor(len(layers)) as pool:
        found = pool.map(lambda layer: _tried(stage, layer, box()), layers.values())
        return dict(zip(layers, found, strict=True))


def undone(stage: Stage, found: Mapping[str, Told]) -> dict[str, str]:
    """What shows of layers that were confirmed that they are the case no more. Of a region that
    does not answer nothing does.
    """
    names = [name for name, layer in KEEPING.items() if confirmed(found.get(name, {}))]
    with ThreadPoolExecutor(len(KEEPING)) as pool:
        told = pool.map(lambda name: _undone(stage, KEEPING[name]), names)
        return {name: said for name, said in zip(names, told, strict=True) if said}


def confirmed(layer: Told) -> bool:
    return layer.get("outcome") == CONFIRMED


def _undone(stage: Stage, layer: Layer) -> str:
    try:
        return layer.undone(stage)
    except Exception as error:
        if meaning(error) not in AGAIN:
            raise
        return ""


def _tried(stage: Stage, layer: Layer, box: Box) -> dict[str, str]:
    began = time.monotonic()
    try:
        outcome, said = CONFIRMED, layer.act(stage, box)
    except Exception as error:
        outcome = _outcome(error)
        said = f"{code(error)}: {error}" if not isinstance(error, NotDone) else str(error)
    took = f"{time.monotonic() - began:.1f} s"
    did = f"{layer.title}: {outcome}, {said}"
    return {"outcome": outcome, "said": said, "took": took, "did": did}


def _outcome(error: Exception) -> str:
    if isinstance(error, Underway):
        return UNDERWAY
    return SILENT if meaning(error) in (Meaning.UNCLEAR, Meaning.THROTTLED) else REFUSED


def leasing(kept: contextlib.ExitStack) -> Layer:
    """Takes the lease of the old site, and holds it until `kept` is closed.

    A run of site.yml that is in flight there would make anew what the fence takes away. Before each
    write it looks whether it has lost its lease, which it finds out when it renews that next.
    """

    def act(stage: Stage, box: Box) -> str:
        box.ask(Entries(stage.there).look)
        held = lease.Lease(stage.there, alone(), stage.say)
        box.ask(lambda: kept.enter_context(held.during(seizing=True)))
        if not held.ousted:
            return f"no run writes at {stage.old.site}"
        time.sleep(lease.RENEW + lease.NOTICED)
        return f"taken from {', '.join(sorted({holder.who for holder in held.ousted}))}"

    return Layer("Stop the runs that write at the old site", act)


def _hosts(stage: Stage, box: Box) -> str:
    client, name = stage.there.client("autoscaling"), stage.old.name("web")
    try:
        box.ask(
            lambda: client.update_auto_scaling_group(
                AutoScalingGroupName=name, MinSize=0, MaxSize=0, DesiredCapacity=0
            )
        )
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise
        return f"there is no {name}"

    def left() -> str:
        ids = [i["InstanceId"] for group in _groups(stage) for i in group["Instances"]]
        return f"{', '.join(ids)} still there" if ids else ""

    box.until(left, Underway)
    return f"{name} has no hosts"


def _hosts_back(stage: Stage) -> str:
    wanted = any(group["MaxSize"] or group["Instances"] for group in _groups(stage))
    return f"{stage.old.name('web')} has hosts, or may have" if wanted else ""


def _groups(stage: Stage) -> list[Any]:
    answer = stage.there.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[stage.old.name("web")]
    )
    return list(answer["AutoScalingGroups"])


def _database(stage: Stage, box: Box) -> str:
    name, group = stage.old.database, _group(stage)
    # Whoever was let in since then may be in still.
    ordered = _ordered(stage) and not box.ask(partial(_let_in, stage.there, group))
    box.until(partial(_closed, stage.there, group))
    item = box.ask(partial(old_database.described, stage))
    serves = item is not None and item["DBInstanceStatus"] not in SERVING_NOBODY
    if item is None or (serves and not ordered and not _restarted(stage, box)):
        return f"there is no {name}"
    # It is restarted all the same: who was let in by the group of ours is out.
    if others := _others(item, group):
        raise NotDone(others)
    if not serves:
        return f"{group} lets nobody in, and {name} is {item['DBInstanceStatus']}"
    began = time.monotonic()

    def busy() -> str:
        now = old_database.described(stage)
        status = str(now["DBInstanceStatus"]) if now else "deleted"
        # It may be shown as available for a moment before it begins.
        early = not ordered and time.monotonic() - began < EARLY
        return f"{name} is {status}" if early or status != "available" else ""

    box.until(busy, Underway)
    return f"{group} lets nobody in, and {name} was restarted"


def _ordered(stage: Stage) -> bool:
    """Whether the run before has closed the database and had it restarted, but not seen the end."""
    told = [e["facts"]["layers"] for e in stage.journal.entries if "layers" in e["facts"]]
    return bool(told and told[-1].get("database", {}).get("outcome") == UNDERWAY)


def _restarted(stage: Stage, box: Box) -> bool:
    """Ends the connections that are open, which outlive their rule. False where it is gone."""
    rds = stage.there.client("rds")
    try:
        box.ask(lambda: rds.reboot_db_instance(DBInstanceIdentifier=stage.old.database))
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise
        return False
    return True


def _others(item: Mapping[str, Any], group: str) -> str:
    """By what a database may let somebody in beside its own group, "" where it has that alone.

    What does not bear our tags is nobody's to empty; and of a group that is gone AWS tells no rules
    either, so that the manifest names it is not enough.
    """
    found = {str(one["VpcSecurityGroupId"]) for one in item.get("VpcSecurityGroups", ())}
    if found == {group}:
        return ""
    others = ", ".join(sorted(found - {group})) or "no group that is told"
    instead = "" if group in found else f", and not in {group}, which the manifest names"
    return f"{item['DBInstanceIdentifier']} is in {others}{instead}"


def _closed(aws: Aws, group: str) -> str:
    """Takes away what lets somebody in, and tells what still does."""
    rules = _let_in(aws, group)
    if rules:
        try:
            aws.client("ec2").revoke_security_group_ingress(
                GroupId=group, SecurityGroupRuleIds=rules
            )
        except Exception as error:
            # An attempt whose answer was lost may have taken them away.
            if meaning(error) is not Meaning.ABSENT:
                raise
    left = _let_in(aws, group)
    return f"{group} still lets in by {', '.join(left)}" if left else ""


def _database_open(stage: Stage) -> str:
    group, item = _group(stage), old_database.described(stage)
    left = _let_in(stage.there, group)
    if left:
        return f"{group} lets in by {', '.join(left)}"
    return _others(item, group) if item else ""


def _group(stage: Stage) -> str:
    told = known(stage.manifest, stage.old.site).get("security_group/database", {})
    if not told.get("id"):
        raise NotDone("the manifest does not tell the group of the old database")
    return str(told["id"])


def _let_in(aws: Aws, group: str) -> list[str]:
    filters = [{"Name": "group-id", "Values": [group]}]
    answer = aws.client("ec2").describe_security_group_rules(Filters=filters)
    return [r["SecurityGroupRuleId"] for r in answer["SecurityGroupRules"] if not r["IsEgress"]]


def telling(wanted: active.Active) -> Layer:
    """Has the old region know who serves."""

    def act(stage: Stage, box: Box) -> str:
        if not box.ask(lambda: active.write(stage.there, wanted)):
            raise NotDone(f"there is a newer record than that of epoch {wanted.epoch}")
        return f"epoch {wanted.epoch} is written there"

    return Layer("Tell the old region who serves", act)


def bringing_back(hosts: int) -> Layer:
    """Has the old site as many hosts again as ran there; within which bounds a run of site.yml
    tells. A group that still may have some is left alone.
    """

    def act(stage: Stage, box: Box) -> str:
        client, name = stage.there.client("autoscaling"), stage.old.name("web")
        if not any(group["MaxSize"] == 0 for group in box.ask(partial(_groups, stage))):
            return f"{name} was left as it is"
        box.ask(
            lambda: client.update_auto_scaling_group(
                AutoScalingGroupName=name, MaxSize=hosts, DesiredCapacity=hosts
            )
        )
        return f"{name} gets {hosts} hosts"

    return Layer("Bring the hosts back that ran", act)


# Those that keep writes away by themselves.
KEEPING: Mapping[str, Layer] = {
    "hosts": Layer("Send the old hosts away", _hosts, _hosts_back),
    "database": Layer(
        "Let nobody in to the old database, and end who is in", _database, _database_open
    ),
}
