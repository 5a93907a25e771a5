# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Topic that alarms report to. Who else reads it is named here: subscriptions bear no tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from .arn_tags import tags_of
from .base import Kind, changed, have_for, sought, tag_edits
from .documents import document

ALARMS = "alarms"


class SnsTopic(Kind):
    """spec: key (ARN of the encrypting key), policy (document), readers (declared subscriptions, as
    (protocol, endpoint): any other is named as foreign), tags. facts: id, arn, name.
    """

    name: ClassVar[str] = "sns_topic"
    rules: ClassVar[Rules] = Rules(rank=15)
    services: ClassVar[tuple[str, ...]] = ("sns", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in sought(wants, self.name, ALARMS):
            arn = view.scope.arn("sns", view.scope.name(want.id))
            answer = _described(view, arn)
            tags = _tags(view, arn, wants) if answer else {}
            if answer and view.scope.owns(tags, self.name):
                found, readers = answer["Attributes"], want.spec.get("readers", ())
                spec = {
                    "key": found.get("KmsMasterKeyId", ""),
                    "policy": canon.policy(found.get("Policy") or "{}"),
                    "readers": readers,
                    "tags": tags,
                }
                foreign = _foreign(view, arn, readers) if not want.given else ()
                yield Have(self.name, want.id, spec, _facts(arn), foreign=foreign)

    def taken(self, view: View, want: Want) -> str:
        name = view.scope.name(want.id)
        return name if _described(view, view.scope.arn("sns", name)) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        arn = aws.once("sns").create_topic(
            Name=aws.scope.name(want.id),
            Attributes=_attributes(want.spec),
            Tags=pairs(want.spec["tags"]),
        )["TopicArn"]
        return have_for(want, _facts(arn))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        sns, arn, keys = aws.client("sns"), have.facts["arn"], changed(changes)
        for key, name in (("key", "KmsMasterKeyId"), ("policy", "Policy")):
            if key in keys:
                value = _attributes(want.spec)[name]
                sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
        put, drop = tag_edits(changes)
        if put:
            sns.tag_resource(ResourceArn=arn, Tags=pairs(put))
        if drop:
            sns.untag_resource(ResourceArn=arn, TagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("sns").delete_topic(TopicArn=have.facts["arn"])


def _described(view: View, arn: str) -> Any:
    return view.call("sns", "get_topic_attributes", TopicArn=arn)


def _attributes(spec: Mapping[str, Any]) -> dict[str, str]:
    return {"KmsMasterKeyId": spec["key"], "Policy": document(spec["policy"])}


def _tags(view: View, arn: str, wants: Sequence[Want]) -> Mapping[str, str]:
    def exact() -> Mapping[str, str]:
        answer = view.call("sns", "list_tags_for_resource", ResourceArn=arn)
        return canon.tags(answer["Tags"] if answer else ())

    return tags_of(view, arn, wants, exact)


def subscriptions(view: View, arn: str) -> list[dict[str, Any]]:
    """All subscriptions of a topic, those of others too."""
    return view.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)


def _foreign(view: View, arn: str, readers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        f"{item['Protocol']} subscription of {item['Endpoint']}"
        for item in subscriptions(view, arn)
        if (item["Protocol"], item["Endpoint"]) not in readers
    )


def _facts(arn: str) -> dict[str, Any]:
    return {"id": arn, "arn": arn, "name": arn.rpartition(":")[2]}
