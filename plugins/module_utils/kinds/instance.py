# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One host outside of any group, which ends itself for good when it is shut down.

What an instance was launched with AWS tells only in part and in several calls, so a digest of it
stands in a tag. Another launch is another instance.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Meaning, NoCapacity, StillUsed, meaning, short
from ..aws.scope import LAUNCH, specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import UNTOLD, Change, Have, Rules, Want
from . import autoscaling
from .base import Kind, have_for, retag_ec2
from .launch_data import data_of

# As good as absent: neither serves any more, and a terminated one stays listed for an hour.
GONE = ("shutting-down", "terminated")


class Instance(Kind):
    """spec: launch (as of a launch template), fallback_types (of instances, in order, where no zone
    can launch that of launch), subnets {our id: id} (it stands in the first of them whose zone can
    launch it), launched_with (digest of what it is launched with), tags.

    facts: id, private_ip, and public_ip where it has one.
    """

    name: ClassVar[str] = "instance"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"launched_with", "subnets"}),
        rank=55,
    )
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        declared = {want.id: want.spec.get("subnets", {}) for want in wants}
        for item in listed(view):
            tags, state = canon.tags(item.get("Tags", ())), item["State"]["Name"]
            if not view.scope.owns(tags, self.name) or state in GONE:
                continue
            id = view.scope.id_of(tags)
            yield Have(
                self.name,
                id,
                {
                    "launch": UNTOLD,
                    "fallback_types": UNTOLD,
                    "subnets": _place(view, item, declared.get(id, {})),
                    "launched_with": tags.get(LAUNCH, ""),
                    "tags": tags,
                },
                _facts(item),
                settled=state == "running",
                status=state,
            )

    def create(self, aws: Aws, want: Want) -> Have:
        """Raises NoCapacity where no subnet's zone can launch any of its types."""
        refusals: dict[tuple[str, str], Exception] = {}
        types = (want.spec["launch"]["instance_type"], *want.spec["fallback_types"])
        for kind, subnet in itertools.product(types, want.spec["subnets"].values()):
            arguments = {**_arguments(want.spec, subnet), "InstanceType": kind}
            try:
                item = _launched(aws, arguments, aws.token(want.address, arguments))
            except Exception as error:
                if not short(error):
                    raise
                refusals[subnet, kind] = error
                continue
            state = item["State"]["Name"]
            return have_for(want, _facts(item), settled=state == "running", status=state)
        raise _nowhere(aws, refusals)

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


def _place(view: View, item: Mapping[str, Any], declared: Mapping[str, Any]) -> Any:
    """The subnet in which it stands. Each that is declared is as good as the others."""
    found = autoscaling.subnets(view, item.get("SubnetId", ""))
    return UNTOLD if found.keys() <= declared.keys() else found


def _launched(aws: Aws, arguments: Mapping[str, Any], token: str) -> dict[str, Any]:
    """The instance that a request makes, which is sent again only where its answer is unclear.

    The SDK by itself would send it ten times to a zone that has no capacity: AWS tells that with
    status 500. And who began anew with the first subnet, not knowing whether this one's request was
    executed, might make a second instance.
    """
    try:
        answer = aws.once("ec2").run_instances(**arguments, ClientToken=token)
    except Exception as error:
        if meaning(error) is not Meaning.UNCLEAR:
            raise
        answer = aws.client("ec2").run_instances(**arguments, ClientToken=token)
    return dict(answer["Instances"][0])


def _nowhere(aws: Aws, refusals: Mapping[tuple[str, str], Exception]) -> NoCapacity:
    """What is told where each subnet and type, of those with their refusals, was tried."""
    tried = list(dict.fromkeys(subnet for subnet, _kind in refusals))
    listed = aws.client("ec2").describe_subnets(SubnetIds=tried)["Subnets"]
    zones = {item["SubnetId"]: item["AvailabilityZone"] for item in listed}
    told = "; ".join(f"{zones.get(id, id)}: {error}" for (id, _kind), error in refusals.items())
    return NoCapacity(f"no zone can launch it: {told}")


def _arguments(spec: Mapping[str, Any], subnet: str) -> dict[str, Any]:
    """What a launch template says, and what only a single instance has."""
    found = data_of(spec["launch"])
    found["NetworkInterfaces"] = [{**found["NetworkInterfaces"][0], "SubnetId": subnet}]
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
