# SPDX-License-Identifier: GPL-3.0-or-later
"""What images are made of: snapshots with tags and keys, which go with them if that is wished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses import EC2Response
from moto.kms.models import kms_backends

from sandbox.shims import Hook
from sandbox.shims._images import fail
from sandbox.shims._launch_rules import check_image
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateImage and CopyImage tag the snapshots that they make.",
    "An image of an instance has its root on EBS, and tells whether that is encrypted.",
    "Only of an instance that runs or is stopped an image is made.",
    "CopyImage encrypts with the key it is given; where there is no such key the copy fails "
    "afterwards.",
    "An image that is not available is neither launched nor copied.",
    "DeregisterImage deletes the snapshots of the image if DeleteAssociatedSnapshots says so.",
)
HOOKS: tuple[Hook, ...] = (
    (Ami, "block_device_mappings", ()),
    (AmiBackend, "create_image", ("instance_id", "name", "description", "tag_specifications")),
    (AmiBackend, "copy_image", ("source_image_id", "source_region", "name", "description")),
    (EC2Response, "copy_image", ()),
    (EC2Response, "deregister_image", ()),
)
_DEFAULT_KEY = "alias/aws/ebs"


def install(world: World) -> None:
    _mappings()
    _creations()
    _copies()
    _ends()


def _mappings() -> None:
    before: Any = Ami.block_device_mappings

    def mappings(self: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = before.fget(self)
        for mapping in found:
            mapping["Ebs"]["Encrypted"] = bool(self.ebs_snapshot.encrypted)
        return found

    Ami.block_device_mappings = property(mappings)  # type: ignore[method-assign, assignment]


def _creations() -> None:
    @wrap(AmiBackend, "create_image")
    def create(
        original: Callable[..., Any],
        self: Any,
        instance_id: str,
        name: str,
        description: str,
        tag_specifications: list[dict[str, Any]],
    ) -> Any:
        instance = self.get_instance(instance_id)
        if instance.state not in ("running", "stopped"):
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"The instance '{instance_id}' is not in a state from which an image can be made.",
            )
        others = [spec for spec in tag_specifications if spec["ResourceType"] != "snapshot"]
        image = original(instance_id, name, description, tag_specifications=others)
        image.root_device_type = "ebs"
        for spec in tag_specifications:
            if spec["ResourceType"] == "snapshot":
                self.create_tags(
                    [image.ebs_snapshot.id], {tag["Key"]: tag["Value"] for tag in spec["Tags"]}
                )
        return image


def _copies() -> None:
    @wrap(AmiBackend, "copy_image")
    def copy(
        original: Callable[..., Any],
        self: Any,
        source_image_id: str,
        source_region: str,
        *args: Any,
    ) -> Any:
        source = ec2_backends[self.account_id][source_region]
        check_image(source, source_image_id)
        image = original(source_image_id, source_region, *args)
        kept: Any = source.amis[source_image_id]
        image.root_device_type, image.root_device_name = (
            kept.root_device_type,
            kept.root_device_name,
        )
        image.ebs_snapshot.encrypted = kept.ebs_snapshot.encrypted
        return image

    @wrap(EC2Response, "copy_image")
    def asked(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        encrypted, key = self._get_param("Encrypted") is True, self._get_param("KmsKeyId")
        if key and not encrypted:
            raise EC2ClientError(
                "InvalidParameterDependency",
                "The parameter KmsKeyId requires the parameter Encrypted to be set.",
            )
        answer = original()
        content: Any = answer.result
        ec2: Any = self.ec2_backend
        image = ec2.amis[content["ImageId"]]
        if encrypted:
            image.ebs_snapshot.encrypted = True
            image.ebs_snapshot.kms_key_id = arn = _key(ec2, key or _DEFAULT_KEY)
            image.unusable = "" if arn else f"there is no key {key}"
            if not arn and image.state == "available":
                fail(image, image.unusable)
        given = self._parse_tag_specification().get("snapshot", {})
        ec2.create_tags([image.ebs_snapshot.id], given)
        return answer


def _key(ec2: Any, name: str) -> str:
    """The ARN of a key in the region of a copy, by its id, ARN or alias; "" if there is none."""
    keys = kms_backends[ec2.account_id][ec2.region_name]
    if name.startswith("arn:") and name.split(":")[3] != ec2.region_name:
        return ""
    try:
        return str(keys.describe_key(name).arn)
    except (KeyError, AttributeError):  # The latter is what the emulator makes of no such alias.
        return ""


def _ends() -> None:
    @wrap(EC2Response, "deregister_image")
    def deregister(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        ec2: Any = self.ec2_backend
        image = ec2.amis.get(self._get_param("ImageId"))
        answer = original()
        if image is not None and self._get_param("DeleteAssociatedSnapshots") is True:
            content: Any = answer.result
            snapshot = image.ebs_snapshot.id
            ec2.delete_snapshot(snapshot)
            content["DeleteSnapshotResults"] = [{"SnapshotId": snapshot, "ReturnCode": "success"}]
        return answer
