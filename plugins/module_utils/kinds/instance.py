# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One host outside of any group, which ends itself for good when it is shut down.

What an instance was launched with AWS tells only in part and in several calls, so a digest of it
stands in a tag. Another launch is another instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import StillUsed
from ..aws.scope import LAUNCH, specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import UNTOLD, Change, Have, Rules, Want
from .base import Kind, have_for, retag_ec2
from .launch_data import data_of

# As good as absent: neither serves any more, and a terminated one stays listed for an hour.
GONE = ("shutting-down", "terminated")


class Instance(Kind):
    """spec: launch (as of a launch template), subnet (id), launched_with (digest of what it is
    launched with), tags. facts: id, private_ip, and public_ip where it has one.
    """

    name: ClassVar[str] = "instance"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"launched_with", "subnet"}),
        rank=55,
    )
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item in listed(view):
            tags, state = canon.tags(item.get("Tags", ())), item["State"]["Name"]
            if not view.scope.owns(tags, self.name) or state in GONE:
                continue
            yield Have(
                self.name,
                view.scope.id_of(tags),
                {
                    "launch": UNTOLD,
                    "subnet": item.get("SubnetId"),
                    "launched_with": tags.get(LAUNCH, ""),
                    "tags": tags,
                },
                _facts(item),
                settled=state == "running",
                status=state,
            )

    def create(self, aws: Aws, want: Want) -> Have:
        arguments = _arguments(want.spec)
        token = aws.token(want.address, arguments)
        item = aws.client("ec2").run_instances(**arguments, ClientToken=token)["Instances"][0]
        state = item["State"]["Name"]
        return have_for(want, _facts(item), settled=state == "running", status=state)

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Raises StillUsed while an image is made of it, which would fail without it."""
        id = have.facts["id"]
        pages = (
            aws.client("ec2")
            .get_paginator("describe_images")
            .paginate(
                Owners=["self"],
                Filters=[
                    {"Name": "source-instance-id", "Values": [id]},
                    {"Name": "state", "Values": ["pending"]},
                ],
            )
        )
        found = [image["ImageId"] for page in pages for image in page["Images"]]
        if found:
            raise StillUsed(f"image {', '.join(found)} is being made of {id}")
        aws.client("ec2").terminate_instances(InstanceIds=[have.facts["id"]])


def listed(view: View) -> Iterable[dict[str, Any]]:
    """Every instance of the site as AWS tells it, also those of groups and those that are gone."""
    found = view.pages("ec2", "describe_instances", "Reservations", Filters=view.scope.filters())
    return (item for reservation in found for item in reservation["Instances"])


def _arguments(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a launch template says, and what only a single instance has."""
    found = data_of(spec["launch"])
    found["NetworkInterfaces"] = [{**found["NetworkInterfaces"][0], "SubnetId": spec["subnet"]}]
    if "UserData" in found:
        # The SDK encodes it here, and does not in a launch template.
        found["UserData"] = spec["launch"]["user_data"]
    found["TagSpecifications"] = [
        *specification("instance", {**spec["tags"], LAUNCH: spec["launched_with"]}),
        *specification("volume", spec["launch"]["volume_tags"]),
    ]
    return {
        **found,
        "MinCount": 1,
        "MaxCount": 1,
        "InstanceInitiatedShutdownBehavior": "terminate",
    }


def _facts(item: Mapping[str, Any]) -> dict[str, Any]:
    """The public address is known once the instance is about to run."""
    public = item.get("PublicIpAddress")
    facts = {"id": item["InstanceId"], "private_ip": item.get("PrivateIpAddress", "")}
    return facts | ({"public_ip": public} if public else {})
