# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be released: only what another environment has passed, or what has run here before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..aws.session import Aws
from ..converge.intake import Params, declared, refusal
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.site import Converger
from ..declaration.fields import Field, read
from ..declaration.site import ROLE
from ..reports.evidence import SEAL
from ..reports.evidence import digest as seal_of
from . import account
from .artifact import APPLICATION, PATH, RELEASE, key_of, known_sum
from .errors import NotPassed
from .record import Record, passed, records
from .refresh import names_of

FIELDS = (
    APPLICATION,
    RELEASE,
    PATH,
    Field("after", "str", "the environment that must have passed it", "staging", ""),
    Field(
        "after_role",
        "str",
        "the ARN of a role",
        "arn:aws:iam::210987654321:role/releases-reader",
        "",
        check=lambda v: not v or bool(ROLE.fullmatch(v)),
    ),
    Field(
        "override",
        "str",
        "a sentence that says why it is released all the same",
        "staging is being rebuilt, and the fix cannot wait",
        "",
        lambda v: not v or len(v.split()) > 2,
    ),
)


def check(params: Params) -> dict[str, Any]:
    """Answers why a release may run here; raises Refusal where it may not. Writes nothing.

    The other environment is looked for at a site of the same name and region, in the same account
    or in that of `after_role`, which is assumed to look.
    """
    learn_secrets(params)
    task = declared(params, ())
    options, problems = read(FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task), Converger(task) as converger:
        aws, after = converger.account, options["after"]
        what = (options["application"], options["release"])
        digest = known_sum(aws, Path(options["path"]), key_of(*what))
        allowed, why = "", ""
        if not after:
            allowed = "no environment comes before this one"
        elif passed(records(aws, aws.scope.bucket("releases"), *what), digest):
            allowed = "it has run here before"
        else:
            why = _not_passed(converger, after, options, digest)
            allowed = "" if why else f"{after} has passed it"
        if not allowed and not options["override"]:
            raise NotPassed(
                f"release {options['release']} has not passed {after}: {why}",
                f"release it in {after} first, or say why not with `override`, in a playbook "
                f"release_override, for example: {FIELDS[-1].example}. Nothing was touched",
            )
        overridden = "" if allowed else options["override"]
        allowed = allowed or f"overridden, and {after} has not passed it: {why}"
        return {"changed": False, "sha256": digest, "allowed": allowed, "overridden": overridden}


def _not_passed(converger: Converger, after: str, options: Params, digest: str) -> str:
    """Why another environment has not passed the release, "" where it has.

    Who overrides that need not be told by an environment that is down. Else raises what AWS says.
    """
    try:
        other = _other(converger, after, options["after_role"])
        what = (options["application"], options["release"])
        found = records(other, other.scope.bucket("releases"), *what)
        if _rehearsed(converger, after, digest):
            return ""
    except Exception as error:
        if not options["override"]:
            raise
        return f"it could not be asked: {error}"
    return "" if passed(found, digest) else _why(found)


def _rehearsed(converger: Converger, mirror: str, digest: str) -> bool:
    """Whether the migrations of these very bytes went well on a staging copy of that name, which
    keeps what it has to tell with the site that serves, or served then. A report that was changed
    shows nothing.
    """
    peer = converger.task.site.peer
    for report in account.refreshes(converger.account, peer.site if peer else ""):
        steps = {step["name"]: step["evidence"] for step in report["steps"]}
        done = report["operation"] == "refresh" and report["outcome"] == "succeeded"
        named = report["environment"] in names_of(mirror)
        same = steps.get("migrate", {}).get("sha256") == digest
        if done and named and same and report[SEAL] == seal_of(report):
            return True
    return False


def _other(converger: Converger, environment: str, role: str) -> Aws:
    """Clients for the same site of another environment."""
    scope = replace(converger.account.scope, environment=environment)
    own = converger.task.connections[scope.site]
    if not role:
        return converger.account.at(scope, own)
    account = role.split(":")[4]
    return converger.account.at(replace(scope, account=account), replace(own, role_arn=role))


def _why(found: Sequence[Record]) -> str:
    if not found:
        return "nothing is recorded of it there"
    last = found[-1]
    if last["outcome"] == "succeeded":
        return f"other bytes have, sha256 {last['sha256']}"
    return f"it failed there at {last['ended']}: {last['reason']}"
