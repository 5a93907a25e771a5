# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flow log: a record of the VPC's traffic in a bucket. AWS changes nothing of it but its tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, have_for, retag_ec2
from .unsuccessful import raise_failures


class FlowLog(Kind):
    """spec: vpc (id), destination (ARN of a bucket), traffic ("ALL", "ACCEPT", "REJECT"), interval
    (60 or 600 seconds), tags. facts: id.
    """

    name: ClassVar[str] = "flow_log"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"vpc", "destination", "traffic", "interval"}), rank=64
    )
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item in view.pages(
            "ec2", "describe_flow_logs", "FlowLogs", Filter=view.scope.filters()
        ):
            tags = canon.tags(item.get("Tags", []))
            if not view.scope.owns(tags, self.name):
                continue
            problem = item.get("DeliverLogsErrorMessage", "")
            yield Have(
                self.name,
                view.scope.id_of(tags),
                {
                    "vpc": item["ResourceId"],
                    "destination": item.get("LogDestination", ""),
                    "traffic": item["TrafficType"],
                    "interval": item.get("MaxAggregationInterval", 600),
                    "tags": tags,
                },
                {"id": item["FlowLogId"]},
                settled=item["FlowLogStatus"] == "ACTIVE",
                status=": ".join(filter(None, (item["FlowLogStatus"], problem))),
            )

    def create(self, aws: Aws, want: Want) -> Have:
        arguments = {
            "ResourceType": "VPC",
            "ResourceIds": [want.spec["vpc"]],
            "TrafficType": want.spec["traffic"],
            "LogDestinationType": "s3",
            "LogDestination": want.spec["destination"],
            "MaxAggregationInterval": want.spec["interval"],
            "TagSpecifications": specification("vpc-flow-log", want.spec["tags"]),
        }
        token = aws.token(want.address, arguments)
        answer = aws.client("ec2").create_flow_logs(**arguments, ClientToken=token)
        raise_failures(answer, "CreateFlowLogs")
        return have_for(want, {"id": answer["FlowLogIds"][0]})

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        answer = aws.client("ec2").delete_flow_logs(FlowLogIds=[have.facts["id"]])
        raise_failures(answer, "DeleteFlowLogs")
