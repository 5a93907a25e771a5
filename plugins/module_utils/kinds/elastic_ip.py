# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elastic IP address. AWS takes no token for one, so its tags say whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, have_for, retag_ec2


class ElasticIp(Kind):
    """spec: tags. facts: id (of the allocation), public_ip."""

    name: ClassVar[str] = "elastic_ip"
    rules: ClassVar[Rules] = Rules(rank=45)
    tokenless: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id, item, tags in view.owned(self.name, "ec2", "describe_addresses", "Addresses"):
            yield Have(self.name, id, {"tags": tags}, _facts(item))

    def create(self, aws: Aws, want: Want) -> Have:
        answer = aws.once("ec2").allocate_address(
            Domain="vpc", TagSpecifications=specification("elastic-ip", want.spec["tags"])
        )
        return have_for(want, _facts(answer))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Refused for as long as a NAT gateway that is being deleted still holds it."""
        aws.client("ec2").release_address(AllocationId=have.facts["id"])


def _facts(item: Mapping[str, Any]) -> dict[str, str]:
    return {"id": item["AllocationId"], "public_ip": item["PublicIp"]}
