# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The only file that knows AnsibleModule and check mode: parameters in, result out.

Two entries lead here. A module calls `run_module` where the task runs; an action plugin calls
`run` in the controller's process where the connection is local. Both give the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback

from .aws import sdk
from .aws.errors import AccountMismatch, Conflict, code
from .aws.session import SECRETS, Connection, connection
from .converge import report
from .converge.catalog import BY_NAME, TIERS, Tier
from .converge.site import Converger, Planned, Task
from .costs.records import record
from .costs.usage import usages
from .declaration.fields import Field, Problem, argument_spec, read
from .declaration.site import ENVIRONMENT_FIELDS, Site, read_site
from .engine.apply import Event, Outcome
from .engine.errors import EngineError
from .engine.model import Action

Params = Mapping[str, Any]
Listener = Callable[[Event], None]

RUN_FIELDS = (
    Field("purge_tags", "bool", "true or false", False, False),
    Field("wait", "bool", "true or false", True, True),
    Field("wait_timeout", "int", "seconds, at least 1", 5400, 5400, lambda v: v >= 1),
    Field("known", "dict", "the `known` of an earlier task's result", {}, {}),
    Field(
        "allow_replace",
        "list",
        "addresses that may be replaced, or all",
        ["launch_template/web"],
        (),
        elements="str",
    ),
)
CONNECTION: Mapping[str, dict[str, Any]] = {
    "profile": {
        "type": "str",
        "aliases": ["aws_profile"],
        "fallback": (env_fallback, ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
    },
    "role_arn": {"type": "str"},
    "access_key": {
        "type": "str",
        "aliases": ["aws_access_key_id", "aws_access_key"],
        "no_log": False,
        "fallback": (env_fallback, ["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]),
    },
    "secret_key": {
        "type": "str",
        "aliases": ["aws_secret_access_key", "aws_secret_key"],
        "no_log": True,
        "fallback": (env_fallback, ["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]),
    },
    "session_token": {
        "type": "str",
        "aliases": ["aws_session_token"],
        "no_log": True,
        "fallback": (env_fallback, ["AWS_SESSION_TOKEN"]),
    },
    "endpoint_url": {
        "type": "str",
        "aliases": ["aws_endpoint_url"],
        "fallback": (env_fallback, ["AWS_ENDPOINT_URL"]),
    },
}


class Refusal(Exception):
    """The task cannot or must not go on. result: what the task returns besides the message."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


def arguments(fields: Iterable[Field]) -> dict[str, Any]:
    """The argument spec of a tier's module: environment, connection, how to run, and its fields."""
    return {
        **argument_spec(ENVIRONMENT_FIELDS),
        **CONNECTION,
        **argument_spec(RUN_FIELDS),
        **argument_spec(fields),
    }


def whole_arguments() -> dict[str, Any]:
    """The argument spec of a module over all tiers: one dictionary of options for each tier."""
    tiers = {
        tier.TIER: {"type": "dict", "options": argument_spec(tier.FIELDS), "default": {}}
        for tier in TIERS
    }
    return {**arguments(()), **tiers}


def site_arguments() -> dict[str, Any]:
    """The argument spec of module site: all tiers, and the results of the tasks before it."""
    return {**whole_arguments(), "after": {"type": "list", "elements": "dict", "default": []}}


def run_tier(tier: Tier) -> None:
    """The main function of a tier's module."""
    module = AnsibleModule(arguments(tier.FIELDS), supports_check_mode=True)
    _finish(module, lambda: run(module.params, tier.TIER, dry=module.check_mode))


def run_site() -> None:
    """The main function of module site."""
    module = AnsibleModule(site_arguments(), supports_check_mode=True)
    _finish(module, lambda: run(module.params, "site", dry=module.check_mode))


def run_info() -> None:
    """The main function of module site_info, which never writes."""
    module = AnsibleModule(whole_arguments(), supports_check_mode=True)
    _finish(module, lambda: run(module.params, "site_info", dry=True))


def run_declaration() -> None:
    """The main function of module declaration, which makes no API call."""
    module = AnsibleModule(whole_arguments(), supports_check_mode=True)
    _finish(module, lambda: run(module.params, "declaration", dry=True))


def _finish(module: AnsibleModule, work: Callable[[], dict[str, Any]]) -> None:
    try:
        module.exit_json(**work())
    except Refusal as refusal:
        module.fail_json(msg=SECRETS.clean(str(refusal)), **SECRETS.clean(refusal.result))


def dry_run(task: Any) -> bool:
    """Whether an Ansible task runs in check mode."""
    return bool(task.check_mode)


def run(
    params: Params,
    what: str,
    *,
    dry: bool,
    listener: Listener = lambda event: None,
    spell: Callable[[str], str] = str,
    problems: Iterable[Problem] = (),
) -> dict[str, Any]:
    """Does what a task asks for and answers its result, scrubbed of secrets.

    what: a tier's name, "site", "site_info" or "declaration". dry: plan only. spell: how a path of
    the declaration is written in messages. problems: those that the caller has found. Raises Refusal.
    """
    for name in ("secret_key", "session_token"):
        SECRETS.learn(str(params.get(name) or ""))
    tiers = (BY_NAME[what],) if what in BY_NAME else TIERS
    task = declared(params, tiers, spell, problems)
    if what == "declaration":
        return {"changed": False, "sites": dict(task.site.cidrs)}
    earlier = list(params.get("after") or [])
    if what == "site" and earlier and (dry or not any(r.get("waiting") for r in earlier)):
        # In check mode the earlier tasks have planned all of it.
        return {"changed": False, "actions": [], "waiting": {}}
    if sdk.MISSING:
        raise Refusal(
            "the Python library botocore is needed where this task runs: pip install boto3",
            exception=sdk.MISSING,
        )
    result: dict[str, Any] = SECRETS.clean(_converge(task, params, what, dry, listener))
    return result


def declared(
    params: Params,
    tiers: Iterable[Tier],
    spell: Callable[[str], str] = str,
    more: Iterable[Problem] = (),
) -> Task:
    """The task that the parameters declare, complete and checked. Raises Refusal with every problem."""
    tiers = tuple(tiers)
    site, found = read_site(params)
    problems = [*found]
    flags, found = read(RUN_FIELDS, params, only=False)
    problems += found
    options: dict[str, dict[str, Any]] = {}
    for tier in tiers:
        alone = len(tiers) == 1
        given = params if alone else params.get(tier.TIER) or {}
        path = "" if alone else tier.TIER
        options[tier.TIER], found = read(tier.FIELDS, given, path, only=not alone)
        problems += found
    if site and not problems:
        problems += [item for tier in tiers for item in tier.check(site, options[tier.TIER])]
    more = list(more)
    if problems or more or site is None:
        raise refusal([*more, *(replace(item, path=spell(item.path)) for item in problems)])
    return Task(
        site=site,
        tiers=tiers,
        options=options,
        connections=_connections(params, site),
        known=flags["known"],
        replace=frozenset(flags["allow_replace"]),
        purge=frozenset({"tags"} if flags["purge_tags"] else ()),
        timeout=float(flags["wait_timeout"]),
    )


def refusal(problems: Iterable[Problem]) -> Refusal:
    """All problems of a declaration in one message, nothing having been touched."""
    listed = list(problems)
    lines = "\n".join(f"  {problem}" for problem in listed)
    count = "1 mistake" if len(listed) == 1 else f"{len(listed)} mistakes"
    return Refusal(
        f"{count} in the declaration, nothing was touched:\n{lines}",
        code="invalid_declaration",
        problems=[
            {
                "path": problem.path,
                "value": report.plain(problem.value),
                "rule": problem.rule,
                "example": report.plain(problem.example),
            }
            for problem in listed
        ],
    )


def _connections(params: Params, site: Site) -> dict[str, Connection]:
    """How to reach each site's account: its own profile or role, else that of the task."""
    found = {}
    for scope in (site.scope, site.peer):
        if scope:
            own = params["sites"][scope.site]
            named = {name: own[name] for name in ("profile", "role_arn") if own.get(name)}
            found[scope.site] = connection({**params, **named})
    return found


def _converge(
    task: Task, params: Params, what: str, dry: bool, listener: Listener
) -> dict[str, Any]:
    try:
        with Converger(task) as converger:
            planned = converger.plan()
            if dry:
                return _result(task, planned, None, what)
            outcome = converger.apply(
                planned, wait=bool(params.get("wait", True)), listener=listener
            )
    except (EngineError, AccountMismatch, Conflict) as error:
        raise Refusal(
            str(error), code=error.code, hint=getattr(error, "hint", ""), changed=False
        ) from error
    except Exception as error:
        raise Refusal(
            f"could not read the account of site {task.site.scope.site}: {error}",
            code=code(error),
            changed=False,
        ) from error
    result = _result(task, planned, outcome, what)
    _raise_failures(task, outcome, result, bool(params.get("wait", True)))
    return result


def _result(task: Task, planned: Planned, outcome: Outcome | None, what: str) -> dict[str, Any]:
    site = task.site.scope.site
    listed = report.actions(planned, site)
    result = {
        "changed": bool(planned.plan.writes) if outcome is None else bool(outcome.done),
        "actions": listed,
        "counts": report.counts(listed),
        "known": report.known(planned, outcome),
        "waiting": report.waiting(planned, outcome),
        "foreign": report.foreign(planned),
        "usages": _usages(task),
        "done": [step.address for step in outcome.done] if outcome else [],
        "diff": report.diffs(listed),
    }
    if what == "site_info":
        drift = [a for a in listed if a["action"] != Action.KEEP]
        result |= {"changed": False, "resources": report.resources(planned), "drift": drift}
    return result


def _usages(task: Task) -> list[dict[str, Any]]:
    """What the declaration uses and AWS charges for, by tier; prices come at the end of a run."""
    scope = task.site.scope
    return [
        record(want.tier, want.address, item)
        for want in task.wants
        if not want.given
        for item in usages(want.kind, want.spec, scope.region)
    ]


def _raise_failures(task: Task, outcome: Outcome, result: dict[str, Any], wait: bool) -> None:
    again = "run the same playbook again: it goes on where this run stopped"
    if outcome.errors:
        failed = report.failures(outcome)
        lines = "\n".join(f"  {item['address']}: {item['message']}" for item in failed)
        raise Refusal(
            f"site {task.site.scope.site}: {len(failed)} of {len(result['actions'])} actions failed, "
            f"{len(outcome.skipped)} that depend on them were not tried:\n{lines}\n{again}",
            errors=failed,
            skipped=list(outcome.skipped),
            **result,
        )
    if wait and (outcome.waiting or outcome.deferred):
        states = ", ".join(f"{name} is {state}" for name, state in outcome.waiting.items())
        raise Refusal(
            f"site {task.site.scope.site}: after {task.timeout:.0f} s still waiting: {states}; "
            f"{again}, or allow more time with wait_timeout",
            code="wait_timeout",
            **result,
        )
