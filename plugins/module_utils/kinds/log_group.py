# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Log group into which RDS writes the logs of a database.

RDS makes a group that is not there, untagged and kept for ever, and leaves it behind; it uses one
of that name that is there. So ours is made before the database, and one that RDS has made for a
database of this name is taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import Scope
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .arn_tags import tags_of
from .base import Kind, changed, completed, have_for, tag_edits


class LogGroup(Kind):
    """spec: name, key (ARN), retention (days, 0 for ever), tags. facts: id and name, arn."""

    name: ClassVar[str] = "log_group"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"name"}), stateful=True, rank=20)
    services: ClassVar[tuple[str, ...]] = ("logs", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        start = path(view.scope, "")
        for item in view.pages(
            "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=start
        ):
            name = item["logGroupName"]
            arn = _arn(view.scope, name)
            tags = _tags(view, arn, wants)
            id = _id(view.scope, tags, name, wants)
            if not id:
                continue
            spec = {
                "name": name,
                "key": item.get("kmsKeyId", ""),
                "retention": item.get("retentionInDays", 0),
                "tags": tags,
            }
            yield Have(self.name, id, spec, _facts(view.scope, name))

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["name"])
        pages = view.pages(
            "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=path(view.scope, "")
        )
        return name if any(item["logGroupName"] == name for item in pages) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        spec = want.spec
        aws.once("logs").create_log_group(
            logGroupName=spec["name"], kmsKeyId=spec["key"], tags=dict(spec["tags"])
        )
        have = have_for(want, _facts(aws.scope, spec["name"]))
        return completed(have, lambda: _retain(aws, spec))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        logs, keys = aws.client("logs"), changed(changes)
        if "retention" in keys:
            _retain(aws, want.spec)
        if "key" in keys:
            logs.associate_kms_key(logGroupName=want.spec["name"], kmsKeyId=want.spec["key"])
        put, drop = tag_edits(changes)
        if put:
            logs.tag_resource(resourceArn=have.facts["arn"], tags=put)
        if drop:
            logs.untag_resource(resourceArn=have.facts["arn"], tagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("logs").delete_log_group(logGroupName=have.facts["name"])


def path(scope: Scope, log: str) -> str:
    """Where RDS writes this log of the site's database; of "" the top of all of them."""
    return f"/aws/rds/instance/{scope.database}/{log}"


def _id(scope: Scope, tags: Mapping[str, str], name: str, wants: Iterable[Want]) -> str:
    """The id of a group of ours, or of the one that RDS has made in its place; "" for any other."""
    if scope.owns(tags, LogGroup.name):
        return scope.id_of(tags)
    return "" if tags else next((want.id for want in wants if want.spec.get("name") == name), "")


def _retain(aws: Aws, spec: Mapping[str, Any]) -> None:
    aws.client("logs").put_retention_policy(
        logGroupName=spec["name"], retentionInDays=spec["retention"]
    )


def _tags(view: View, arn: str, wants: Sequence[Want]) -> Mapping[str, str]:
    def exact() -> Mapping[str, str]:
        answer = view.call("logs", "list_tags_for_resource", resourceArn=arn)
        return {k: v for k, v in (answer or {}).get("tags", {}).items() if k[:4] != "aws:"}

    return tags_of(view, arn, wants, exact)


def _arn(scope: Scope, name: str) -> str:
    return scope.arn("logs", f"log-group:{name}")


def _facts(scope: Scope, name: str) -> dict[str, Any]:
    return {"id": name, "name": name, "arn": _arn(scope, name)}
