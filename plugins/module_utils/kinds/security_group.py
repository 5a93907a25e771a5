# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security group, without rules: each of these is an object of kind `security_group_rule`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from ..aws.errors import Meaning, meaning
from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import security_groups
from .base import Kind, changed, completed, have_for, retag_ec2


class SecurityGroup(Kind):
    """spec: name, description, vpc (id), default_egress (bool: the rule that AWS adds is there),
    tags. facts: id. foreign: rules that are not ours.
    """

    name: ClassVar[str] = "security_group"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"name", "description", "vpc"}), rank=17)
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item, tags in security_groups.listed(view):
            if not view.scope.owns(tags, self.name):
                continue
            rules = security_groups.rules(view)[item["GroupId"]]
            defaults = [rule for rule in rules if security_groups.is_default_egress(rule)]
            yield Have(
                self.name,
                view.scope.id_of(tags),
                {
                    "name": item["GroupName"],
                    "description": item["Description"],
                    "vpc": item["VpcId"],
                    "default_egress": bool(defaults),
                    "tags": tags,
                },
                {"id": item["GroupId"]},
                foreign=tuple(
                    f"rule {security_groups.words(rule)}"
                    for rule in rules
                    if rule not in defaults
                    and not view.scope.owns(security_groups.tags_of(rule), security_groups.RULE)
                ),
            )

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["name"])
        names = (item["GroupName"] for item, _tags in security_groups.listed(view))
        return name if name in names else ""

    def create(self, aws: Aws, want: Want) -> Have:
        group = aws.once("ec2").create_security_group(
            GroupName=want.spec["name"],
            Description=want.spec["description"],
            VpcId=want.spec["vpc"],
            TagSpecifications=specification("security-group", want.spec["tags"]),
        )["GroupId"]
        have = have_for(want, {"id": group})
        if want.spec["default_egress"]:
            return have
        return completed(have, lambda: _everywhere(aws, group, False))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if "default_egress" in changed(changes):
            _everywhere(aws, have.facts["id"], want.spec["default_egress"])
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("ec2").delete_security_group(GroupId=have.facts["id"])


def _everywhere(aws: Aws, group: str, allowed: bool) -> None:
    """Adds or removes the rule that AWS adds. It is named by what it says: its id is not known."""
    client = aws.client("ec2")
    call = (
        client.authorize_security_group_egress if allowed else client.revoke_security_group_egress
    )
    everywhere = [{"CidrIp": canon.ANYWHERE}]
    try:
        call(
            GroupId=group,
            IpPermissions=[{"IpProtocol": security_groups.ALL, "IpRanges": everywhere}],
        )
    except Exception as error:
        if meaning(error) is not (Meaning.EXISTS if allowed else Meaning.ABSENT):
            raise
        # An earlier try did it and its answer was lost, or nothing was done.
        now = security_groups.rules_of(aws, group)
        if allowed is not any(security_groups.is_default_egress(rule) for rule in now):
            raise
