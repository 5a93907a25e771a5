# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The group that AWS gives every VPC, for hosts that name none.

It cannot be deleted, so it is kept empty. It is ours because the VPC is: all its rules are removed,
whoever added them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from ..aws.errors import Meaning, NotYet, meaning
from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import security_groups
from .base import Kind, changed, have_for, retag_ec2


class DefaultSecurityGroup(Kind):
    """spec: vpc (id), rules (in words), tags. facts: id. Its only id is "main"."""

    name: ClassVar[str] = "default_security_group"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"vpc"}), rank=16)
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item, tags in security_groups.listed(view):
            if not security_groups.is_default(item):
                continue
            rules = security_groups.rules(view)[item["GroupId"]]
            yield Have(
                self.name,
                "main",
                {
                    "vpc": item["VpcId"],
                    "rules": tuple(sorted(map(security_groups.words, rules))),
                    "tags": tags,
                },
                {"id": item["GroupId"]},
            )

    def create(self, aws: Aws, want: Want) -> Have:
        """AWS has made it together with the VPC, though it may take a moment to show."""
        filters = [
            {"Name": "vpc-id", "Values": [want.spec["vpc"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        found = aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        if not found:
            raise NotYet(f"the default group of {want.spec['vpc']} does not show yet")
        group = found[0]["GroupId"]
        aws.client("ec2").create_tags(Resources=[group], Tags=pairs(want.spec["tags"]))
        stripped = _strip_new(aws, group)
        return have_for(want, {"id": group}, settled=stripped, status="" if stripped else "new")

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        retag_ec2(aws, have.facts["id"], changes)
        if "rules" in changed(changes):
            group = have.facts["id"]
            security_groups.revoke(aws, group, security_groups.rules_of(aws, group))
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Nothing: AWS removes it with the VPC."""


def _strip_new(aws: Aws, group: str) -> bool:
    """Removes the two rules of a new group, named by what they say, for they may not show yet.

    False where they were not both there: then it is looked at again.
    """
    client = aws.client("ec2")
    itself = {"UserIdGroupPairs": [{"GroupId": group}]}
    everywhere = {"IpRanges": [{"CidrIp": canon.ANYWHERE}]}
    complete = True
    for call, peer in (
        (client.revoke_security_group_ingress, itself),
        (client.revoke_security_group_egress, everywhere),
    ):
        try:
            call(GroupId=group, IpPermissions=[{"IpProtocol": security_groups.ALL, **peer}])
        except Exception as error:
            if meaning(error) is not Meaning.ABSENT:
                raise
            complete = False
    return complete
