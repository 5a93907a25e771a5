# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elastic IP address. AWS takes no token for one, so its tags say whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Meaning, meaning
from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.errors import EngineError, QuotaUsedUp
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, have_for, retag_ec2

QUOTA = {"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3"}
# What a new account may have in a region.
DEFAULT = 5
POOL = "amazon"


class ElasticIp(Kind):
    """spec: tags. facts: id (of the allocation), public_ip."""

    name: ClassVar[str] = "elastic_ip"
    rules: ClassVar[Rules] = Rules(rank=45)
    tokenless: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id, item, tags in _ours(view):
            yield Have(self.name, id, {"tags": tags}, _facts(item))

    def shortage(self, view: View, wants: Sequence[Want]) -> Iterator[EngineError]:
        """All addresses of an account count, whoever made them."""
        there, region = counted(view), view.scope.region
        needed = there + len(wants)
        allowed = _quota(view) if needed > DEFAULT else needed
        if needed > allowed:
            yield QuotaUsedUp(
                f"{len(wants)} elastic IP addresses would be made in {region}, where {there} are "
                f"there and the quota of the account allows {allowed}",
                "release those that are not used, declare nat: one for the site, which then takes "
                "one address and not one a zone, or ask for more: aws service-quotas "
                f"request-service-quota-increase --region {region} --service-code ec2 "
                f"--quota-code {QUOTA['QuotaCode']} --desired-value {needed}",
            )

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


def _ours(view: View) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    return view.owned(ElasticIp.name, "ec2", "describe_addresses", "Addresses")


def counted(view: View) -> int:
    """The addresses that count. Those of a pool that a user brought, or of a service, do not.

    Ours by the look by which they are found: another run may make some before the next look.
    """
    found = view.pages("ec2", "describe_addresses", "Addresses")
    amazons = [item for item in found if item.get("PublicIpv4Pool", POOL) == POOL]
    counted = [item for item in amazons if not item.get("ServiceManaged")]
    tagged = (canon.tags(item.get("Tags", ())) for item in counted)
    others = [tags for tags in tagged if not view.scope.owns(tags, ElasticIp.name)]
    return len(others) + len(list(_ours(view)))


def _quota(view: View) -> float:
    """How many there may be; without end where AWS does not say, since then the run tells."""
    try:
        answer = view.call("service-quotas", "get_service_quota", **QUOTA)
    except Exception as error:
        if meaning(error) not in (Meaning.REFUSED, Meaning.UNCLEAR):
            raise
        answer = None
    return int(answer["Quota"]["Value"]) if answer else float("inf")
