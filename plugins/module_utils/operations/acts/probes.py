# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""That mail of a staging copy ends in its sink, and that nothing leads out of it or to production.

A host in the copy's network tries each way. What it cannot see, as a way that nobody has used yet,
the account tells; ways.py asks that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...aws.session import Aws
from ...aws.view import View
from ...tiers import sink
from ..errors import NotDone, OutOfOrder
from . import inside, swap, ways
from .stage import Evidence, Stage

Told = Mapping[str, Any]
HINT = "close it, then run the same playbook again"
# What shows that a packet has arrived somewhere, as the host's program calls it.
ANSWERED = ("connected", "refused")
HTTPS = 443


def asked(stage: Stage) -> Evidence:
    """Where the application of the copy sends its mail, and where production would be met: {"sink":
    {"host", "mail", "letters"}, "production": ["name or address:port"]}.

    Raises OutOfOrder where the application is told no sink.
    """
    scope = stage.scope
    name = f"/{scope.environment}/{scope.site}/{sink.HOST_PARAMETER}"
    answer = View(stage.here).call("ssm", "get_parameter", Name=name)
    if not answer:
        raise OutOfOrder(
            f"there is no parameter {name}, so mail of {scope.environment} goes nobody knows where",
            "run the whole playbook",
        )
    host = str(answer["Parameter"]["Value"])
    return {
        "sink": {"host": host, "mail": sink.MAIL, "letters": sink.LETTERS},
        "production": list(_production(View(_of(stage)))),
    }


def _of(stage: Stage) -> Aws:
    """Clients of the site of production that is copied, which is in the same region."""
    of = stage.scope.copy_of
    environment, site = of["environment"], of["site"]
    return stage.here.at(replace(stage.scope, environment=environment, site=site, copy_of={}))


def _production(view: View) -> Iterator[str]:
    """Its database and its balancer, by their names and by private addresses."""
    name = view.scope.database
    answer = view.call("rds", "describe_db_instances", DBInstanceIdentifier=name) or {}
    for item in answer.get("DBInstances", ()):
        if end := item.get("Endpoint"):
            yield f"{end['Address']}:{end['Port']}"
    if balancer := swap.balancer(view):
        yield f"{balancer['name']}:{HTTPS}"
    yield from (f"{address}:{HTTPS}" for address in inside.private(view))


def judged(stage: Stage, told: Told) -> str:
    """What of the mail is missing, "" for nothing."""
    mail = told.get("mail") or {}
    if mail.get("arrived") is not True or mail.get("operation") != stage.journal.id:
        return f"the mail that was sent did not arrive in the sink: {mail.get('said', 'not told')}"
    if not told.get("outside") or "production" not in told:
        return "the host did not tell what it met outside; staging_mirror_outside names what to try"
    return ""


def shown(stage: Stage, told: Told) -> Evidence:
    """What the host has told, with the ways that the account knows. Raises NotDone where any is
    open, with its name.
    """
    network = ways.network(View(stage.here))
    found = [*met(told, network["addresses"]), *network["open"]]
    if found:
        raise NotDone(f"probes: {stage.scope.environment} is not closed: {'; '.join(found)}", HINT)
    return {**told, "network": {name: network[name] for name in ("vpc", "looked_at")}}


def met(told: Told, own: frozenset[str]) -> list[str]:
    """What the host has met, in words. own: addresses of the copy itself. A copy has the same
    network as production, so by an address of production it may meet a host of its own.
    """
    return [
        f"{one['to']} {'answers' if one['how'] == 'connected' else 'is reached'}"
        f" at {one['address']}" + (", which is production's" if kind == "production" else "")
        for kind in ("outside", "production")
        for one in told[kind]
        if one["how"] in ANSWERED and one["address"] not in own
    ]
