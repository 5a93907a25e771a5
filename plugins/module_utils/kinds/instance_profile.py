# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instance profile: the role that hosts act as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, have_for, tag_edits

HOSTS = frozenset({"builder", "web"})


class InstanceProfile(Kind):
    """spec: role (name of the one role in it, "" for none), tags. facts: id, arn, name."""

    name: ClassVar[str] = "instance_profile"
    rules: ClassVar[Rules] = Rules(rank=20)
    services: ClassVar[tuple[str, ...]] = ("iam",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id in sorted({want.id for want in wants} | HOSTS):
            item = _described(view, view.scope.name(id))
            tags = canon.tags(item.get("Tags", []))
            if view.scope.owns(tags, self.name):
                spec = {"role": _role(item), "tags": tags}
                yield Have(self.name, id, spec, _facts(item))

    def taken(self, view: View, want: Want) -> str:
        name = view.scope.name(want.id)
        return name if _described(view, name) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        item = aws.once("iam").create_instance_profile(
            InstanceProfileName=aws.scope.name(want.id), Tags=pairs(want.spec["tags"])
        )["InstanceProfile"]
        _put(aws, item["InstanceProfileName"], "", want.spec["role"])
        return have_for(want, _facts(item))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        iam, name = aws.client("iam"), have.facts["name"]
        if "role" in changed(changes):
            _put(aws, name, have.spec["role"], want.spec["role"])
        put, drop = tag_edits(changes)
        if put:
            iam.tag_instance_profile(InstanceProfileName=name, Tags=pairs(put))
        if drop:
            iam.untag_instance_profile(InstanceProfileName=name, TagKeys=drop)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        name = have.facts["name"]
        _put(aws, name, have.spec["role"], "")
        aws.client("iam").delete_instance_profile(InstanceProfileName=name)


def _described(view: View, name: str) -> Mapping[str, Any]:
    """What AWS tells of a profile, empty where there is none."""
    answer = view.call("iam", "get_instance_profile", InstanceProfileName=name)
    found: Mapping[str, Any] = answer["InstanceProfile"] if answer else {}
    return found


def _put(aws: Aws, profile: str, before: str, after: str) -> None:
    """Changes the role; a profile holds one at the most."""
    iam = aws.client("iam")
    if before:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=before)
    if after:
        iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=after)


def _role(item: Mapping[str, Any]) -> str:
    return next((str(role["RoleName"]) for role in item["Roles"]), "")


def _facts(item: Mapping[str, Any]) -> dict[str, Any]:
    name = item["InstanceProfileName"]
    return {"id": name, "arn": item["Arn"], "name": name}
