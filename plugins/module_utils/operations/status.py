# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an environment stands, on a page and in lines. What cannot be asked is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import SECRETS, Aws
from ..aws.view import View
from ..converge import active
from ..converge.catalog import TIERS
from ..converge.intake import Params, declared, refusal
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.task import Task
from ..declaration.fields import read
from ..reports.status import readiness, status_page, status_text
from . import status_facts
from .errors import Silent
from .validate import check
from .validate.reading import Eyes
from .validate.rows import rows

FIELDS = tuple(field for field in check.FIELDS if field.name not in ("strict", "switchover"))


def status(params: Params) -> dict[str, Any]:
    """Answers how the environment stands: readiness, facts, page, report. Writes nothing.

    Of the site that serves only that it does: the other one is looked at. Raises Refusal where no
    region answers.
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
    return cleaned


def _looked(task: Task, params: Params, options: Mapping[str, Any]) -> dict[str, Any]:
    own, peer = task.site.scope, check.other_site(task)
    record, answers = _record(task)
    task = replace(task, site=active.seen(task.site, record))
    if task.site.is_active:
        return {"page": "", "facts": {}, **check.serves(task, record)}
    found = {scope.site: Aws(scope, task.connections[scope.site], answers) for scope in (own, peer)}
    try:
        here, there = (found[scope.site].hasty() for scope in (own, peer))
        here.verify_account()
        eyes = Eyes(task.site, task.options, View(here), View(there))
        given = {**options, "switchover": False}
        seen = check.seen(task, check.others(params, task), eyes, given, record)
        if status_facts.never_built(seen):
            return _result({}, "fail", "", status_facts.unbuilt(own.environment))
        facts = status_facts.facts(
            seen,
            rows(seen),
            check.replication(seen),
            check.serving(task.site.active_site, peer.region, record),
        )
        return _result(facts, readiness(facts), status_page(facts), status_text(facts))
    finally:
        for aws in found.values():
            aws.close()


def _record(task: Task) -> tuple[active.Active, str]:
    """Who serves, and a region that answers: that of the recovery site, where it does."""
    scopes = [scope for scope in (task.site.scope, task.site.peer) if scope]
    found = [Aws(scope, task.connections[scope.site]) for scope in scopes]
    found.sort(key=lambda aws: aws.scope.stands == "home")
    try:
        for aws in found:
            other = next((one for one in found if one is not aws), None)
            try:
                return active.read(aws.hasty(), other), aws.scope.region
            except Exception as error:
                if meaning(error) is not Meaning.UNCLEAR:
                    raise
    finally:
        for aws in found:
            aws.close()
    regions = " and ".join(scope.region for scope in scopes)
    raise Silent(f"neither {regions} answers", "run the same playbook again once one does")


def _result(facts: Mapping[str, Any], state: str, page: str, lines: list[str]) -> dict[str, Any]:
    return {
        "changed": False,
        "readiness": state,
        "facts": dict(facts),
        "page": page,
        "report": lines,
    }
