# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kinds of Elastic Load Balancing share: names, attributes, tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.scope import Scope, pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Want
from .arn_tags import current, tagged
from .base import tag_edits

SERVICE = "elbv2"
LONGEST = 32
TAG_BATCH = 20


def name(scope: Scope, *parts: str) -> str:
    """Our name for a balancer or target group, at most 32 characters: long ones end in a hash."""
    whole = scope.name(*parts)
    if len(whole) <= LONGEST:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: LONGEST - len(digest) - 1].rstrip('-')}-{digest}"


def balancers(view: View, id: str = "main") -> list[dict[str, Any]]:
    """The balancer of this name, if there is one, in a list."""
    names = [name(view.scope, id)]
    return view.pages(SERVICE, "describe_load_balancers", "LoadBalancers", Names=names)


def listeners(view: View, arn: str) -> list[dict[str, Any]]:
    """All listeners of a balancer, those of others too."""
    return view.pages(SERVICE, "describe_listeners", "Listeners", LoadBalancerArn=arn)


def forwarded(view: View) -> frozenset[str]:
    """The target groups that the listeners of our balancer forward to by default, as ARNs."""
    return frozenset(
        group["TargetGroupArn"]
        for balancer in balancers(view)
        for listener in listeners(view, balancer["LoadBalancerArn"])
        for action in listener["DefaultActions"]
        for group in (action, *action.get("ForwardConfig", {}).get("TargetGroups", ()))
        if "TargetGroupArn" in group
    )


def named(arn: str) -> str:
    """The name of a target group, out of its ARN; "" of no ARN."""
    return arn.partition(":targetgroup/")[2].partition("/")[0]


def tags_by_arn(
    view: View, arns: Sequence[str], wants: Sequence[Want] = ()
) -> Mapping[str, Mapping[str, str]]:
    """Tags by ARN; what the shared answer lacks, or tells otherwise than declared, is asked for.

    wants: those whose tags are compared. Twenty a request.
    """
    known = tagged(view, "elasticloadbalancing")
    found = {arn: known[arn] for arn in arns if arn in known and current(known[arn], wants)}
    missing = [arn for arn in arns if arn not in found]
    for start in range(0, len(missing), TAG_BATCH):
        batch = missing[start : start + TAG_BATCH]
        answer = view.call(SERVICE, "describe_tags", ResourceArns=batch)
        for item in answer["TagDescriptions"] if answer else ():
            found[item["ResourceArn"]] = canon.tags(item["Tags"])
    return found


def attributes(pairs_: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair.get("Value", "") for pair in pairs_}


def retag(aws: Aws, arn: str, changes: Iterable[Change]) -> None:
    """Sets and removes tags, one call each and only where needed."""
    put, drop = tag_edits(changes)
    if put:
        aws.client(SERVICE).add_tags(ResourceArns=[arn], Tags=pairs(put))
    if drop:
        aws.client(SERVICE).remove_tags(ResourceArns=[arn], TagKeys=drop)


def edits(changes: Iterable[Change], key: str) -> list[dict[str, str]]:
    """The changed attributes in AWS's list form."""
    return [
        {"Key": change.path[1], "Value": str(change.after)}
        for change in changes
        if change.key == key
    ]
