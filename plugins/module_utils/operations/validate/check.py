# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the site that stands by could take over now. Reads only, and soon tells what it saw."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ...aws.errors import Meaning, meaning
from ...aws.scope import Scope
from ...aws.session import SECRETS, Aws
from ...aws.view import View
from ...converge import active
from ...converge.catalog import TIERS
from ...converge.intake import Params, Refusal, declared, refusal
from ...converge.run import learn_secrets, refusals, require_sdk
from ...converge.task import RULES, THREADS, Task
from ...declaration.fields import Field, read
from ...engine.model import Want
from .. import objectives
from ..errors import OutOfOrder, Silent
from ..journal import now
from . import reading
from .reading import Eyes
from .rows import readiness, rows
from .verdict import ACTIVE, Row, Seen, Verdict, lines

FIELDS = (
    Field("strict", "bool", "true or false", False, False),
    Field("switchover", "bool", "true or false", False, False),
    Field("smoke_write", "str", "the path to which something is posted", "/ready", ""),
    Field("controller", "str", "the network of the controller", "203.0.113.7/32", ""),
    *objectives.FIELDS,
    Field(
        "drill_days",
        "int",
        "the days in which there is a drill, at least 1",
        90,
        90,
        lambda v: v >= 1,
    ),
)
# What a look is given beside the declaration.
GIVEN = (*objectives.TARGETS, "drill_days", "commit", "smoke_write", "controller", "switchover")
# What of the site that serves keeps the other one fit.
OTHERS = ("bucket_replication", "dns_record", "health_check", "iam_role", "load_balancer")


def validate(params: Params) -> dict[str, Any]:
    """Answers how fit the site is to take over; of one that serves, that it does.

    Raises Refusal, with all rows in its result, where it is not fit. Writes nothing.
    """
    learn_secrets(params)
    task = declared(params, TIERS)
    options, problems = read(FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task):
        result = _looked(task, params, options)
    cleaned: dict[str, Any] = SECRETS.clean(result)
    if cleaned["readiness"] == "fail" or (options["strict"] and cleaned["readiness"] == "unknown"):
        raise Refusal(cleaned["report"][0], code="not_ready", **cleaned)
    return cleaned


def _looked(task: Task, params: Params, options: Mapping[str, Any]) -> dict[str, Any]:
    own, peer = task.site.scope, other_site(task)
    here = Aws(own, task.connections[own.site]).hasty()
    there = Aws(peer, task.connections[peer.site], own.region).hasty()
    try:
        with _answering(task):
            record = active.read(here, there)
            task = replace(task, site=active.seen(task.site, record))
            if task.site.is_active:
                return serves(task, record)
            here.verify_account()
        eyes = Eyes(task.site, task.options, View(here), View(there))
        looked = seen(task, others(params, task), eyes, options, record)
        return _result(looked, record)
    finally:
        here.close()
        there.close()


def other_site(task: Task) -> Scope:
    """Raises OutOfOrder where there is none."""
    if task.site.peer is None:
        raise OutOfOrder(
            f"{task.site.scope.environment} has one site only",
            "a recovery site is declared beside it",
        )
    return task.site.peer


@contextlib.contextmanager
def _answering(task: Task) -> Iterator[None]:
    """Raises Silent where the region of the site does not answer: nothing is to be judged then."""
    try:
        yield
    except Exception as error:
        if meaning(error) is not Meaning.UNCLEAR:
            raise
        scope = task.site.scope
        raise Silent(
            f"{scope.region}, where site {scope.site} stands, does not answer: nothing can be told "
            "of it, and nothing can be moved there",
            "run the same playbook again once it answers",
        ) from error


def serves(task: Task, record: active.Active) -> dict[str, Any]:
    """The answer of the site that serves: of it nothing is to be judged here."""
    site = task.site
    other = site.peer.site if site.peer else ""
    if task.peer_absent:
        raise OutOfOrder(
            f"site {site.scope.site} serves, and {other}, which stands by, has no part in this run",
            "run it without --limit",
        )
    said = f"{site.scope.site} serves, {other} is looked at"
    return {
        "changed": False,
        "readiness": "pass",
        "standby": other,
        "active": serving(site.active_site, site.scope.region, record),
        "rows": [],
        "replication": {},
        "report": [said],
    }


def others(params: Params, task: Task) -> tuple[Want, ...]:
    """What of the site that serves is looked at, as that site would declare it."""
    peer = task.site.active_site
    other = declared({**params, "site": peer}, TIERS)
    site = replace(other.site, active=task.site.active, protected=task.site.protected)
    return tuple(
        want
        for want in replace(other, site=site).wants
        if want.kind in OTHERS and not want.site and not want.given
    )


def seen(
    task: Task,
    wants: Iterable[Want],
    eyes: Eyes,
    options: Mapping[str, Any],
    record: active.Active,
) -> Seen:
    """One look at both sites. wants: of the one that serves, as `others` has them."""
    own = [want for want in task.wants if not want.site]
    far = list(wants)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="phoenix")
    try:
        facts = reading.facts(eyes, own, far, pool)
    finally:
        # What has not answered by then is not waited for.
        pool.shutdown(wait=False, cancel_futures=True)
    return Seen(
        site=task.site,
        peer=eyes.there.scope,
        options=task.options,
        wants={
            **{want.address: want for want in own},
            **{f"{ACTIVE}{want.address}": want for want in far},
        },
        objectives={name: options[name] for name in GIVEN},
        rules=RULES,
        now=now(),
        facts={**facts, "active": record},
    )


def _result(seen: Seen, record: active.Active) -> dict[str, Any]:
    found = rows(seen)
    state = readiness(found)
    return {
        "changed": False,
        "readiness": state,
        "standby": seen.scope.site,
        "active": serving(seen.site.active_site, seen.peer.region, record),
        "rows": found,
        "replication": replication(seen),
        "report": list(lines(_headline(seen, found), found)),
    }


def serving(site: str, region: str, record: active.Active) -> dict[str, str]:
    """Which site serves, where, since when and by which operation."""
    return {"site": site, "region": region, "since": record.since, "by": record.operation}


def _headline(seen: Seen, found: list[Row]) -> str:
    """How ready the site is, in one sentence that names what is in the way."""
    failed = [row["what"] for row in found if row["state"] == "fail"]
    unread = [row["what"] for row in found if row["state"] == "unknown"]
    parts = [f"not good: {', '.join(failed)}"] if failed else []
    parts += [f"not known: {', '.join(unread)}"] if unread else []
    ready = "is ready to take over" if not failed else "is not ready to take over"
    return "; ".join([f"site {seen.scope.site} {ready}", *parts])


def replication(seen: Seen) -> dict[str, float | None]:
    """For the page of the status: what the figures tell, None where they tell nothing."""
    if not seen.replicates:
        return {}
    lag, figures = seen.facts["lag"], seen.facts["heartbeat"]
    replicated = None if isinstance(figures, Verdict) else figures.get("ReplicatedAt")
    at = seen.now.timestamp()
    return {
        "lag_seconds": lag["seconds"] if isinstance(lag, dict) else None,
        "heartbeat_age_seconds": None if replicated is None else max(0.0, at - replicated),
    }
