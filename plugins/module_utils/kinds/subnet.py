# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subnet: a part of the VPC in one zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, completed, have_for, retag_ec2


class Subnet(Kind):
    """spec: vpc (id), cidr, zone ("us-east-1a"), public_ip (bool: hosts get one), tags.

    facts: id, zone.
    """

    name: ClassVar[str] = "subnet"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"vpc", "cidr", "zone"}), rank=18, container=True
    )
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id, item, tags in view.owned(self.name, "ec2", "describe_subnets", "Subnets"):
            yield Have(
                self.name,
                id,
                {
                    "vpc": item["VpcId"],
                    "cidr": item["CidrBlock"],
                    "zone": item["AvailabilityZone"],
                    "public_ip": item["MapPublicIpOnLaunch"],
                    "tags": tags,
                },
                _facts(item),
                settled=item["State"] == "available",
                status=item["State"],
            )

    def create(self, aws: Aws, want: Want) -> Have:
        item = aws.once("ec2").create_subnet(
            VpcId=want.spec["vpc"],
            CidrBlock=want.spec["cidr"],
            AvailabilityZone=want.spec["zone"],
            TagSpecifications=specification("subnet", want.spec["tags"]),
        )["Subnet"]
        settled = item["State"] == "available"
        have = have_for(want, _facts(item), settled=settled, status=item["State"])
        # A new subnet gives its hosts no public address.
        if not want.spec["public_ip"]:
            return have
        return completed(have, lambda: _set_public_ip(aws, item["SubnetId"], True))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if "public_ip" in changed(changes):
            _set_public_ip(aws, have.facts["id"], want.spec["public_ip"])
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("ec2").delete_subnet(SubnetId=have.facts["id"])


def _facts(item: dict[str, Any]) -> dict[str, str]:
    return {"id": item["SubnetId"], "zone": item["AvailabilityZone"]}


def _set_public_ip(aws: Aws, subnet: str, value: bool) -> None:
    aws.client("ec2").modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})
