# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Internet gateway: the door of the VPC. It is made first and attached by a call of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from ..aws.errors import Meaning, NotYet, meaning
from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, completed, have_for, retag_ec2


class InternetGateway(Kind):
    """spec: vpc (id of the one it is attached to, "" where it is loose), tags. facts: id."""

    name: ClassVar[str] = "internet_gateway"
    rules: ClassVar[Rules] = Rules(rank=12)
    tokenless: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id, item, tags in view.owned(
            self.name, "ec2", "describe_internet_gateways", "InternetGateways"
        ):
            spec = {"vpc": next(iter(_attached(item)), ""), "tags": tags}
            yield Have(self.name, id, spec, {"id": item["InternetGatewayId"]})

    def create(self, aws: Aws, want: Want) -> Have:
        gateway = aws.once("ec2").create_internet_gateway(
            TagSpecifications=specification("internet-gateway", want.spec["tags"]),
        )["InternetGateway"]["InternetGatewayId"]
        attach = aws.client("ec2").attach_internet_gateway
        return completed(
            have_for(want, {"id": gateway}),
            lambda: attach(InternetGatewayId=gateway, VpcId=want.spec["vpc"]),
        )

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if "vpc" in changed(changes):
            _attach(aws, have.facts["id"], want.spec["vpc"])
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        gateway = have.facts["id"]
        for vpc in _now(aws, gateway):
            _detach(aws, gateway, vpc)
        aws.client("ec2").delete_internet_gateway(InternetGatewayId=gateway)


def _attach(aws: Aws, gateway: str, vpc: str) -> None:
    """Attaches it to this VPC only. AWS refuses to repeat an attachment, so we look."""
    now = _now(aws, gateway)
    for other in now:
        if other != vpc:
            _detach(aws, gateway, other)
    if vpc in now:
        return
    try:
        aws.client("ec2").attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise
        if vpc not in _now(aws, gateway):
            raise NotYet(str(error)) from error


def _detach(aws: Aws, gateway: str, vpc: str) -> None:
    try:
        aws.client("ec2").detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise


def _now(aws: Aws, gateway: str) -> list[str]:
    answer = aws.client("ec2").describe_internet_gateways(InternetGatewayIds=[gateway])
    return [vpc for item in answer["InternetGateways"] for vpc in _attached(item)]


def _attached(item: dict[str, Any]) -> list[str]:
    states = ("attaching", "attached", "available")
    return [entry["VpcId"] for entry in item["Attachments"] if entry.get("State") in states]
