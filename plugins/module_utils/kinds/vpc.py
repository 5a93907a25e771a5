# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPC. DNS attributes have calls of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, completed, have_for, retag_ec2


class Vpc(Kind):
    """spec: cidr (str), dns_hostnames (bool), dns_support (bool), tags. facts: id.

    foreign: further networks that somebody gave it.
    """

    name: ClassVar[str] = "vpc"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"cidr"}), rank=10, container=True)
    tokenless: ClassVar[bool] = True
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id, item, tags in view.owned(self.name, "ec2", "describe_vpcs", "Vpcs"):
            vpc = item["VpcId"]
            yield Have(
                self.name,
                id,
                {
                    "cidr": item["CidrBlock"],
                    "dns_support": _attribute(view, vpc, "enableDnsSupport"),
                    "dns_hostnames": _attribute(view, vpc, "enableDnsHostnames"),
                    "tags": tags,
                },
                {"id": vpc},
                settled=item["State"] == "available",
                status=item["State"],
                foreign=tuple(
                    f"network {entry['CidrBlock']}"
                    for entry in item.get("CidrBlockAssociationSet", [])
                    if entry["CidrBlock"] != item["CidrBlock"]
                ),
            )

    def create(self, aws: Aws, want: Want) -> Have:
        answer = aws.once("ec2").create_vpc(
            CidrBlock=want.spec["cidr"],
            TagSpecifications=specification("vpc", want.spec["tags"]),
        )["Vpc"]
        state = answer["State"]
        facts = {"id": answer["VpcId"]}
        have = have_for(want, facts, settled=state == "available", status=state)
        # A new VPC resolves names but gives none to its hosts.
        defaults = {"dns_support": True, "dns_hostnames": False}
        edits = {k: v for k, v in want.spec.items() if v != defaults.get(k, v)}
        return completed(have, lambda: _set(aws, answer["VpcId"], edits))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        _set(aws, have.facts["id"], {key: want.spec[key] for key in changed(changes)})
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("ec2").delete_vpc(VpcId=have.facts["id"])


def _attribute(view: View, vpc: str, name: str) -> bool:
    answer = view.call("ec2", "describe_vpc_attribute", VpcId=vpc, Attribute=name)
    key = name[0].upper() + name[1:]
    return bool(answer and answer[key]["Value"])


def _set(aws: Aws, vpc: str, spec: dict[str, Any]) -> None:
    """One attribute a call, as AWS wants it; support comes first, hostnames depend on it."""
    for key, name in (("dns_support", "EnableDnsSupport"), ("dns_hostnames", "EnableDnsHostnames")):
        if key in spec:
            aws.client("ec2").modify_vpc_attribute(**{"VpcId": vpc, name: {"Value": spec[key]}})
