# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Launch template. A change makes a new version, the default; old ones stay for a way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine.diff import compare
from ..engine.model import Change, Have, Rules, Want
from .base import Kind, changed, have_for, retag_ec2
from .launch_data import data_of, spec_of, versions

KEY = "LaunchTemplates"


class LaunchTemplate(Kind):
    """spec: launch (see below), tags. facts: id, name, version (number of the default, as text).

    launch: image (id, or "resolve:ssm:<parameter>"), instance_type, profile (ARN), root_device,
    root_volume_gb, key (ARN), public_address (bool), security_groups (ids, unordered), metadata
    {tokens, hops, tags}, monitoring (bool), user_data (text), instance_tags, volume_tags, others
    (names of settings beyond these; nobody wants any).
    """

    name: ClassVar[str] = "launch_template"
    rules: ClassVar[Rules] = Rules(rank=30, partial=frozenset({"launch", "tags"}))
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id, item, tags in view.owned(self.name, "ec2", "describe_launch_templates", KEY):
            name = item["LaunchTemplateName"]
            for version in versions(view, name):
                yield Have(
                    self.name,
                    id,
                    {"launch": spec_of(version["LaunchTemplateData"]), "tags": tags},
                    _facts(item["LaunchTemplateId"], name, version["VersionNumber"]),
                )

    def taken(self, view: View, want: Want) -> str:
        name = view.scope.name(want.id)
        there = [{"Name": "launch-template-name", "Values": [name]}]
        return name if view.pages("ec2", "describe_launch_templates", KEY, Filters=there) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        name = aws.scope.name(want.id)
        # Its name is its identity; a deterministic token would outlive a template that was deleted.
        item = aws.once("ec2").create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData=data_of(want.spec["launch"]),
            TagSpecifications=specification("launch-template", want.spec["tags"]),
        )["LaunchTemplate"]
        facts = _facts(item["LaunchTemplateId"], name, item["DefaultVersionNumber"])
        return have_for(want, facts)

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        ec2, id = aws.client("ec2"), have.facts["id"]
        retag_ec2(aws, id, changes)
        if "launch" not in changed(changes):
            return None
        version = _version_like(ec2, id, want) or self._new_version(aws, id, want)
        ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion=str(version))
        return have_for(want, _facts(id, have.facts["name"], version))

    def _new_version(self, aws: Aws, id: str, want: Want) -> int:
        arguments = {"LaunchTemplateId": id, "LaunchTemplateData": data_of(want.spec["launch"])}
        # The token is made of the content: asked for again, the same content is the same version.
        made = aws.client("ec2").create_launch_template_version(
            **arguments, ClientToken=aws.scope.token(want.address, arguments)
        )
        return int(made["LaunchTemplateVersion"]["VersionNumber"])

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("ec2").delete_launch_template(LaunchTemplateId=have.facts["id"])


def _version_like(ec2: Any, id: str, want: Want) -> int:
    """The newest version with the wanted content, 0 where there is none.

    What a group is put back to is one that it has launched before: hosts of it are not replaced.
    """
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(LaunchTemplateId=id)
    numbers = [
        int(item["VersionNumber"])
        for page in pages
        for item in page["LaunchTemplateVersions"]
        if not compare(want.spec["launch"], spec_of(item["LaunchTemplateData"]))
    ]
    return max(numbers, default=0)


def _facts(id: str, name: str, version: int) -> dict[str, Any]:
    return {"id": id, "name": name, "version": str(version)}
