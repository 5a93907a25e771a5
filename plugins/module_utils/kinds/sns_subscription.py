# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subscription to the topic of alarms. Who reads an address confirms it; nobody waits for that.

Subscriptions bear no tags, so one that is no longer declared looks like any other: the topic names
it, and it stays until it is cancelled by its reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, have_for
from .sns_topic import ALARMS, subscriptions


class SnsSubscription(Kind):
    """spec: topic (ARN), protocol, endpoint. facts: id, arn ("" until confirmed)."""

    name: ClassVar[str] = "sns_subscription"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"topic", "protocol", "endpoint"}), rank=20, partial=frozenset()
    )
    services: ClassVar[tuple[str, ...]] = ("sns",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        declared = [want for want in wants if want.spec]
        arn = view.scope.arn("sns", view.scope.name(ALARMS))
        for want in declared:
            for item in subscriptions(view, arn):
                end = (item["Protocol"], item["Endpoint"])
                if end == (want.spec["protocol"], want.spec["endpoint"]):
                    spec = {"topic": item["TopicArn"], "protocol": end[0], "endpoint": end[1]}
                    yield Have(self.name, want.id, spec, _facts(item))

    def create(self, aws: Aws, want: Want) -> Have:
        # SNS answers a second request for the same address with the first one's subscription.
        answer = aws.client("sns").subscribe(
            TopicArn=want.spec["topic"],
            Protocol=want.spec["protocol"],
            Endpoint=want.spec["endpoint"],
            ReturnSubscriptionArn=True,
        )
        return have_for(want, _facts(answer))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Cancels it; one that nobody confirmed has no ARN, and SNS forgets it after three days."""
        if have.facts["arn"]:
            aws.client("sns").unsubscribe(SubscriptionArn=have.facts["arn"])


def _facts(item: dict[str, Any]) -> dict[str, Any]:
    arn = item["SubscriptionArn"]
    arn = arn if arn.startswith("arn:") else ""
    return {"id": arn or "pending", "arn": arn}
