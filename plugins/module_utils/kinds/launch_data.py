# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host is launched with, between our words and those of a launch template version."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from ..aws.scope import pairs
from ..aws.view import View
from ..engine import canon

MANAGED = frozenset(
    {
        "ImageId",
        "InstanceType",
        "IamInstanceProfile",
        "BlockDeviceMappings",
        "NetworkInterfaces",
        "MetadataOptions",
        "Monitoring",
        "UserData",
        "TagSpecifications",
    }
)
TAGGED = ("instance", "volume")


def versions(view: View, name: str) -> list[dict[str, Any]]:
    """The default version of a template, in a list; none where there is no template."""
    return view.pages(
        "ec2",
        "describe_launch_template_versions",
        "LaunchTemplateVersions",
        LaunchTemplateName=name,
        Versions=["$Default"],
    )


def version_of(view: View, chosen: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of the version that a group names; {} where there is none.

    That is the default one, unless a release is under way.
    """
    name, number = chosen.get("LaunchTemplateName", ""), chosen.get("Version", "")
    if not name:
        return {}
    for item in versions(view, name):
        if str(item["VersionNumber"]) == number:
            return dict(item["LaunchTemplateData"])
    for item in view.pages(
        "ec2",
        "describe_launch_template_versions",
        "LaunchTemplateVersions",
        LaunchTemplateName=name,
        Versions=[number],
    ):
        return dict(item["LaunchTemplateData"])
    return {}


def data_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a launch as AWS takes it."""
    disk = {
        "VolumeType": "gp3",
        "VolumeSize": spec["root_volume_gb"],
        "Encrypted": True,
        "KmsKeyId": spec["key"],
        "DeleteOnTermination": True,
    }
    card = {
        "DeviceIndex": 0,
        "AssociatePublicIpAddress": spec["public_address"],
        "Groups": list(spec["security_groups"]),
        "DeleteOnTermination": True,
    }
    found = {
        "ImageId": spec["image"],
        "InstanceType": spec["instance_type"],
        "BlockDeviceMappings": [{"DeviceName": spec["root_device"], "Ebs": disk}],
        "NetworkInterfaces": [card],
        "MetadataOptions": _metadata(spec["metadata"]),
        "Monitoring": {"Enabled": spec["monitoring"]},
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": pairs(spec[f"{kind}_tags"])} for kind in TAGGED
        ],
    }
    if spec["profile"]:
        found["IamInstanceProfile"] = {"Arn": spec["profile"]}
    if spec["user_data"]:
        found["UserData"] = base64.b64encode(spec["user_data"].encode()).decode()
    return found


def spec_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """A version's data as the spec of a launch; others: settings that we do not know."""
    drives = data.get("BlockDeviceMappings") or [{}]
    cards = data.get("NetworkInterfaces") or [{}]
    disk, card = drives[0].get("Ebs", {}), cards[0]
    tags = {t["ResourceType"]: canon.tags(t["Tags"]) for t in data.get("TagSpecifications", ())}
    others = [key for key, value in data.items() if value and key not in MANAGED]
    extra = [f"{what} {len(n)}" for what, n in (("disks", drives), ("cards", cards)) if len(n) > 1]
    return {
        "image": data.get("ImageId"),
        "instance_type": data.get("InstanceType"),
        "profile": data.get("IamInstanceProfile", {}).get("Arn"),
        "root_device": drives[0].get("DeviceName"),
        "root_volume_gb": disk.get("VolumeSize"),
        "key": disk.get("KmsKeyId") if disk.get("Encrypted") else None,
        "public_address": card.get("AssociatePublicIpAddress"),
        "security_groups": canon.unordered(card.get("Groups", ())),
        "metadata": _options(data.get("MetadataOptions", {})),
        "monitoring": data.get("Monitoring", {}).get("Enabled"),
        "user_data": _text(data.get("UserData", "")),
        **{f"{kind}_tags": tags.get(kind, {}) for kind in TAGGED},
        "others": canon.unordered([*others, *extra]),
    }


def _metadata(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "HttpEndpoint": "enabled",
        "HttpTokens": options["tokens"],
        "HttpPutResponseHopLimit": options["hops"],
        "InstanceMetadataTags": options["tags"],
    }


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tokens": options.get("HttpTokens"),
        "hops": options.get("HttpPutResponseHopLimit"),
        "tags": options.get("InstanceMetadataTags"),
    }


def _text(encoded: str) -> str:
    """User data as text; what is none is shown as AWS holds it."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded
