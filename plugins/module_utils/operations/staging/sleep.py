# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A staging copy is put to sleep, and woken: its hosts go, its sink of mail and its database stop.

How far that is AWS alone knows, so whatever has cut a run off, the same again goes on with it. What
stops stays what it is: the addresses, the data, and the mail that was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...aws.errors import Meaning, meaning
from ...aws.scope import COPY_OF, ID
from ...aws.session import SECRETS, Aws
from ...aws.view import View
from ...converge.catalog import TIERS
from ...converge.intake import Params, declared, refusal
from ...converge.lease import Taker, taken_alone
from ...converge.run import learn_secrets, refusals, require_sdk
from ...converge.site import Converger
from ...declaration.fields import REQUIRED, Field, read
from ...engine import canon
from ...kinds import autoscaling, serving
from ...kinds import db_instance_reading as reading
from ...kinds import instance as instances
from ...tiers import sink
from .. import journal as journals
from ..acts import instance
from ..acts.stage import Stage
from ..errors import Guarded

AWAKE, ASLEEP = "awake", "asleep"
# As RDS and EC2 call it.
STOPPED = "stopped"
GOING = ("stopping", STOPPED)
FIELDS = (Field("state", "str", "awake or asleep", ASLEEP, REQUIRED, choices=(AWAKE, ASLEEP)),)
HINT = (
    "run the same playbook again: it goes on where this one stopped. aws rds describe-events and "
    "aws autoscaling describe-scaling-activities tell what AWS has met"
)


class Seen(NamedTuple):
    """due: whether AWS is to be asked for it. ready: whether it would take that now. missing: what
    is missing of the state, "" where nothing.
    """

    due: bool
    ready: bool
    missing: str


@dataclass(frozen=True, slots=True)
class Part:
    """Of a copy, on its way to one of both states. what: for people. call: as `ask` makes it."""

    what: str
    call: str
    look: Callable[[], Seen]
    ask: Callable[[], object]


def sleep(
    params: Params,
    *,
    dry: bool,
    say: Callable[[str], None] = lambda line: None,
    lease: Taker = taken_alone,
) -> dict[str, Any]:
    """Has one copy awake or asleep, and answers what was done for that. Raises Refusal, where it is
    no copy, too. One of which something is under way is left alone.
    """
    learn_secrets(params)
    task = declared(params, TIERS)
    options, problems = read(FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task), Converger(task) as converger:
        result = _kept(converger, options["state"] == AWAKE, dry=dry, say=say, lease=lease)
    cleaned: dict[str, Any] = SECRETS.clean(result)
    return cleaned


def _kept(
    converger: Converger, awake: bool, *, dry: bool, say: Callable[[str], None], lease: Taker
) -> dict[str, Any]:
    here = converger.account
    here.verify_account()
    if said := _refused(here, awake) or _under_way(here, awake):
        return _result(awake, said=said)
    stage = _stage(converger, say)
    parts = tuple(_parts(stage, awake))
    if dry:
        return _result(awake, [part.call for part in parts if part.look().due])
    if not any(part.look().missing for part in parts):
        return _result(awake)
    held = lease(converger.leasing)
    with held.during():
        here.guard = held.check
        # Meanwhile a refresh may have begun to take its place.
        if said := _refused(here, awake) or _under_way(here, awake):
            return _result(awake, said=said)
        return _result(awake, tuple(_converged(stage, parts)))


def _result(awake: bool, did: Sequence[str] = (), said: str = "") -> dict[str, Any]:
    state = AWAKE if awake else ASLEEP
    return {"changed": bool(did), "state": state, "did": list(did), "said": said}


def _refused(here: Aws, awake: bool) -> str:
    """Why there is nothing that could sleep. Raises Guarded where it is not known for a copy."""
    scope, view = here.scope, View(here)
    if not scope.copy_of:
        raise Guarded(
            f"{scope.environment} is no copy, and is not put to sleep or woken",
            "only playbooks staging_expire and staging_back do that, with staging copies",
        )
    item = reading.described(view, scope.database)
    if item is None and not awake and _group(view) is None:
        return f"there is no database {scope.database} in {scope.region}, and no host"
    tags = canon.tags(item.get("TagList") or ()) if item else {}
    found, of = tags.get(COPY_OF, "nothing"), scope.copy_of["environment"]
    if not scope.owns(tags, "db_instance") or found.partition("/")[0] != of:
        raise Guarded(
            f"{scope.database} is {f'a copy of {found}' if item else 'not there'}; of "
            f"{scope.environment} nothing was touched",
            f"see whose it is: only a copy of {of} by its own tags is put to sleep or woken",
        )
    return ""


def _under_way(here: Aws, awake: bool) -> str:
    """Why it is left alone. The way back wakes a copy, also where it was cut off and goes on."""
    journal = journals.unended(here)
    if journal is None or journal.opened["environment"] != here.scope.environment:
        return ""
    operation = journal.opened["operation"]
    if operation == "return" and awake:
        return ""
    return f"{operation} {journal.id} has not ended: {here.scope.environment} is left alone"


def _stage(converger: Converger, say: Callable[[str], None]) -> Stage:
    here, task = converger.account, converger.task
    return Stage(
        site=task.site,
        here=here,
        there=here,
        places=(here,),
        manifest={},
        active=converger.active,
        journal=journals.Journal("", []),
        options={"least": task.options["web_tier"]["min_size"], "wait": task.wait},
        timeout=task.timeout,
        say=say,
    )


def _parts(stage: Stage, awake: bool) -> Iterator[Part]:
    """In the order in which each needs what comes before it."""
    if awake:
        yield _database(stage, awake)
        yield from _sink(stage, awake)
        yield from _hosts(stage, awake)
    else:
        yield from _hosts(stage, awake)
        yield from _sink(stage, awake)
        yield _database(stage, awake)


def _database(stage: Stage, awake: bool) -> Part:
    name, client = stage.scope.database, stage.here.client("rds")

    def look() -> Seen:
        item = instance.described(stage)
        instance.refuse_failed(item)
        return _seen(str(item["DBInstanceStatus"]), awake, reading.OPERATIONAL)

    def ask() -> object:
        act = client.start_db_instance if awake else client.stop_db_instance
        return act(DBInstanceIdentifier=name)

    call = f"rds {'StartDBInstance' if awake else 'StopDBInstance'} {name}"
    return Part("the database", call, look, ask)


def _sink(stage: Stage, awake: bool) -> Iterator[Part]:
    """Nothing where there is none."""
    client = stage.here.client("ec2")
    for item in instances.listed(View(stage.here)):
        id, tags = item["InstanceId"], canon.tags(item.get("Tags", ()))
        gone = item["State"]["Name"] in instances.GONE
        if gone or tags.get(ID) != sink.ADDRESS:
            continue

        def look(id: str = id) -> Seen:
            answer = client.describe_instances(InstanceIds=[id])
            state = answer["Reservations"][0]["Instances"][0]["State"]["Name"]
            return _seen(str(state), awake, ("running",))

        def ask(id: str = id) -> object:
            return (client.start_instances if awake else client.stop_instances)(InstanceIds=[id])

        call = f"ec2 {'StartInstances' if awake else 'StopInstances'} {id}"
        yield Part("the sink of mail", call, look, ask)


def _seen(state: str, awake: bool, up: tuple[str, ...]) -> Seen:
    """Of what stops and starts. up: the states in which it is awake."""
    due = (state in GOING) if awake else (state not in GOING)
    good = state in up if awake else state == STOPPED
    return Seen(due, state == (STOPPED if awake else up[0]), "" if good else state)


def _hosts(stage: Stage, awake: bool) -> Iterator[Part]:
    """Those of the group, whose bounds are as declared again, or hold none. The upper one stays."""
    found = _group(View(stage.here))
    if found is None:
        return
    name = str(found["AutoScalingGroupName"])
    least = min(stage.options["least"], int(found["MaxSize"])) if awake else 0

    def wanted(group: Mapping[str, Any]) -> dict[str, int]:
        """What of its sizes differs. One that has more hosts keeps them."""
        now = {name: int(group[name]) for name in ("MinSize", "DesiredCapacity")}
        return {n: least for n, size in now.items() if (size < least if awake else size > 0)}

    def look() -> Seen:
        view = View(stage.here)
        group = _group(view) or found
        due = bool(wanted(group))
        if awake:
            healthy = serving.healthy(view, group)
            good = not due and (healthy >= least or not stage.options["wait"])
            return Seen(due, True, "" if good else f"{healthy} of {least} hosts healthy")
        there = len(group["Instances"])
        return Seen(due, True, f"{there} hosts" if due or there else "")

    def ask() -> object:
        sizes = wanted(_group(View(stage.here)) or found)
        return stage.here.client("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=name, **sizes
        )

    call = f"autoscaling UpdateAutoScalingGroup {name} {least}"
    yield Part("the web tier", call, look, ask)


def _group(view: View) -> Mapping[str, Any] | None:
    name = view.scope.name("web")
    return next((g for g in autoscaling.groups(view) if g["AutoScalingGroupName"] == name), None)


def _converged(stage: Stage, parts: Iterable[Part]) -> Iterator[str]:
    """Waits for each, and yields the calls that were made. Raises NotDone."""
    for part in parts:
        asked: list[str] = []
        stage.wait(part.what, _missing(part, asked), HINT)
        yield from asked


def _missing(part: Part, asked: list[str]) -> Callable[[], str]:
    """What is still missing, once AWS was asked for it as soon as it takes that."""

    def missing() -> str:
        now = part.look()
        if now.due and now.ready:
            # The answer may have been lost, and the call be refused for having been carried out.
            asked[:] = [part.call]
            try:
                part.ask()
            except Exception as error:
                if meaning(error) is not Meaning.BLOCKED:
                    raise
                return f"{now.missing}, {error}"
        return now.missing

    return missing
