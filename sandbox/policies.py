# SPDX-License-Identifier: GPL-3.0-or-later
"""What IAM policies allow, as pure functions.

Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements". Left out:
permissions boundaries, session policies, and the policies of resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

ALLOWED, DENIED, NOT_MENTIONED = "allowed", "explicitDeny", "implicitDeny"
Context = Mapping[str, str]


def decision(
    policies: Iterable[Mapping[str, Any]], action: str, resource: str | None, context: Context
) -> str:
    """`allowed`, `explicitDeny` or `implicitDeny`.

    action: `rds:CreateDBInstance`. resource: an ARN, or None where it is not known: then an Allow
    for any resource counts, and only a Deny for all. context: condition keys and their values; a
    condition on any other key is taken to let an Allow hold and a Deny not, so that nothing is
    refused that AWS might allow.
    """
    found = NOT_MENTIONED
    for policy in policies:
        for statement in _listed(policy.get("Statement")):
            if not _concerns(statement, action, resource, context):
                continue
            if statement.get("Effect") == "Deny":
                return DENIED
            found = ALLOWED
    return found


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern with `*` and `?`."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _concerns(
    statement: Mapping[str, Any], action: str, resource: str | None, context: Context
) -> bool:
    deny = statement.get("Effect") == "Deny"
    return (
        _action(statement, action)
        and _resource(statement, resource, deny)
        and all(
            _condition(operator, key, _listed(values), context, deny)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, values in keys.items()
        )
    )


def _action(statement: Mapping[str, Any], action: str) -> bool:
    def named(element: str) -> bool:
        patterns = _listed(statement.get(element))
        return any(matches(pattern.lower(), action.lower()) for pattern in patterns)

    return named("Action") if "Action" in statement else not named("NotAction")


def _resource(statement: Mapping[str, Any], resource: str | None, deny: bool) -> bool:
    wanted = _listed(statement.get("Resource"))
    if resource is None:
        return not deny or "*" in wanted
    if "NotResource" in statement:
        return not any(matches(p, resource) for p in _listed(statement["NotResource"]))
    return any(matches(pattern, resource) for pattern in wanted)


def _equal(wanted: Any, have: str) -> bool:
    return str(wanted) == have


def _alike(wanted: Any, have: str) -> bool:
    return str(wanted).lower() == have.lower()


_TESTS: dict[str, Callable[[Any, str], bool]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _alike,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": _alike,
}


def _condition(
    operator: str, key: str, values: Sequence[Any], context: Context, deny: bool
) -> bool:
    name = operator.removesuffix("IfExists")
    opposite = name in {"StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike"}
    test = _TESTS.get(name.replace("Not", "") if opposite else name)
    have = {known.lower(): value for known, value in context.items()}.get(key.lower())
    if test is None or have is None:
        return not deny
    found = any(test(value, have) for value in values)
    return found != opposite
