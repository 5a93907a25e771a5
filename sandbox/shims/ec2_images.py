# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that exist in every region, and the public parameters that name them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses import EC2Response
from moto.ssm.models import Parameter, ParameterDict
from moto.utilities.utils import load_resource

from sandbox.hosts.orders import CopyImage, DropImage, Order, TakeImage
from sandbox.shims import Hook
from sandbox.shims._images import fail, made_of_host
from sandbox.world import World
from sandbox.wrap import wrap

# Debian's account, and its names of images (wiki.debian.org/Cloud/AmazonEC2Image/Bookworm).
_DEBIAN = "136693071363"
_BUILD = "20250316-2053"
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}
_PREFIX = "/aws/service/debian/release/12"

MENDED = (
    "Debian 12 exists in every region for x86_64 and arm64, and the public parameters "
    f"{_PREFIX}/latest/amd64 and .../arm64 name it.",
    "An image that a public parameter of Amazon Linux names exists.",
    "A second image of the same name in a region is refused.",
    "CopyImage takes the tags over if CopyImageTags says so, and its own tags.",
    "A new image is pending for its time, then available; a copy from a region that cannot be "
    "reached is pending until it can. One that failed says why.",
)
HOOKS: tuple[Hook, ...] = (
    (AmiBackend, "_load_amis", ()),
    (AmiBackend, "describe_images", ("ami_ids", "filters", "exec_users", "owners")),
    (AmiBackend, "create_image", ("instance_id", "name", "description", "tag_specifications")),
    (AmiBackend, "copy_image", ("source_image_id", "source_region", "name", "description")),
    (AmiBackend, "deregister_image", ("ami_id",)),
    (EC2Response, "copy_image", ()),
    (EC2Response, "create_image", ()),
    (Ami, "__init__", ("ec2_backend", "ami_id", "instance", "source_ami", "name")),
    (ParameterDict, "_check_loading_status", ("key",)),
    (Parameter, "__init__", ("account_id", "name", "value", "parameter_type", "description")),
)


def debian_image(region: str, architecture: str) -> str:
    """Id of the Debian 12 image of a region; `architecture` is amd64 or arm64."""
    return "ami-0" + hashlib.sha256(f"{region} debian-12 {architecture}".encode()).hexdigest()[:16]


def install(world: World) -> None:
    _debian()
    _parameters()
    _amazon_linux()
    _names(world)
    _copied_tags()


def _debian() -> None:
    @wrap(AmiBackend, "_load_amis")
    def load(original: Callable[[], None], self: Any) -> None:
        original()
        for architecture, machine in _ARCHITECTURES.items():
            number = debian_image(self.region_name, architecture)
            name = f"debian-12-{architecture}-{_BUILD}"
            self.amis[number] = Ami(
                self,
                number,
                name=name,
                description=f"Debian 12 ({_BUILD})",
                owner_id=_DEBIAN,
                public=True,
                virtualization_type="hvm",
                architecture=machine,
                hypervisor="xen",
                root_device_type="ebs",
                root_device_name="/dev/xvda",
                image_location=f"amazon/{name}",
                region_name=f"{self.region_name}a",
            )


def _parameters() -> None:
    @wrap(ParameterDict, "_check_loading_status")
    def check(original: Callable[[str], None], self: Any, key: Any) -> None:
        original(key)
        if not str(key or "").startswith(_PREFIX):
            return
        for architecture in _ARCHITECTURES:
            name = f"{_PREFIX}/latest/{architecture}"
            if dict.__contains__(self, name):
                continue
            self.setdefault(
                name,
                [
                    Parameter(  # type: ignore[abstract]
                        account_id=self.account_id,
                        name=name,
                        value=debian_image(self.region_name, architecture),
                        parameter_type="String",
                        description=None,
                        allowed_pattern=None,
                        keyid=None,
                        last_modified_date=datetime(2025, 3, 17, tzinfo=UTC),
                        version=1,
                        data_type="aws:ec2:image",
                    )
                ],
            )


def _amazon_linux() -> None:
    @wrap(AmiBackend, "describe_images")
    def describe(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        asked = kwargs.get("ami_ids", args[0] if args else None) or []
        filters = kwargs.get("filters", args[1] if len(args) > 1 else None) or {}
        owners = kwargs.get("owners", args[3] if len(args) > 3 else None) or []
        wanted = {*asked, *_texts(filters.get("image-id"))}
        if "amazon" in owners or any(number not in self.amis for number in wanted):
            _load_latest(self)
        return original(*args, **kwargs)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _load_latest(ec2: Any) -> None:
    """The images that public parameters of Amazon Linux name; loaded when one is first asked for,
    since there are a hundred."""
    if getattr(ec2, "latest_images_loaded", False):
        return
    ec2.latest_images_loaded = True
    try:
        latest = load_resource(f"ec2/resources/latest_amis/{ec2.region_name}.json")
    except FileNotFoundError:
        return
    for image in latest:
        given = {name: value for name, value in image.items() if name != "creation_date"}
        ec2.amis.setdefault(image["ami_id"], Ami(ec2, **{**given, "owner_alias": "amazon"}))


def _copied_tags() -> None:
    @wrap(EC2Response, "copy_image")
    def copy(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        answer = original()
        content: Any = answer.result
        ec2 = self.ec2_backend
        if self._get_param("CopyImageTags") is True:
            source = ec2_backends[self.current_account][self._get_param("SourceRegion")]
            tags = source.tags.get(self._get_param("SourceImageId")) or {}
            own = {key: value for key, value in tags.items() if not key.startswith("aws:")}
            ec2.create_tags([content["ImageId"]], own)
        asked = self._parse_tag_specification().get("image", {})
        ec2.create_tags([content["ImageId"]], asked)
        return answer


def _pending(
    world: World,
    image: Any,
    step: str,
    order: Order,
    fed: Callable[[], bool] = lambda: True,
) -> Any:
    """Have an image be `pending` for the time of `step`, then `available`.

    It is neither begun nor finished while the region of its source is not reached (`fed`).
    """

    def made() -> None:
        # Where the key of a copy is not there, that is found out only now.
        if unusable := image.__dict__.get("unusable"):
            fail(image, unusable)
        else:
            image.state = "available"

    image.state = "pending"
    label = f"image {image.id}"

    def make() -> None:
        if image.id in image.ec2_backend.amis:
            arrived = partial(world.once, fed, made, label)
            world.machines.carry_out(
                lambda: order, world.seconds(step), label, arrived, partial(fail, image)
            )

    world.once(fed, make, label)
    return image


def _names(world: World) -> None:
    def refuse_second(ec2: Any, name: str | None) -> None:
        for image in ec2.amis.values():
            if name and image.name == name and image.owner_id == ec2.account_id:
                raise EC2ClientError(
                    "InvalidAMIName.Duplicate",
                    f"AMI name {name} is already in use by AMI {image.id}",
                )

    @wrap(AmiBackend, "create_image")
    def create(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_second(self, kwargs.get("name", args[1] if len(args) > 1 else None))
        image = original(*args, **kwargs)
        instance = str(kwargs.get("instance_id") or args[0])
        reboot = not self.__dict__.pop("no_reboot", False)
        image.made_of_host = True
        return _pending(world, image, "ami_create", TakeImage(image.id, instance, reboot))

    @wrap(AmiBackend, "copy_image")
    def copy(original: Callable[..., Any], self: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_second(self, kwargs.get("name", args[2] if len(args) > 2 else None))
        image = original(*args, **kwargs)
        source = str(kwargs.get("source_image_id") or args[0])
        there = str(kwargs.get("source_region") or args[1])
        image.made_of_host = made_of_host(ec2_backends[self.account_id][there], source)

        def fed() -> bool:
            return there == self.region_name or not world.severed(there, self.region_name)

        order = CopyImage(image.id, source, image.made_of_host)
        return _pending(world, image, "ami_copy", order, fed)

    @wrap(EC2Response, "create_image")
    def asked(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        backend: Any = self.ec2_backend
        backend.no_reboot = self._get_param("NoReboot") is True
        return original()

    @wrap(AmiBackend, "deregister_image")
    def deregister(original: Callable[[str], None], self: Any, ami_id: str) -> None:
        original(ami_id)
        order, label = DropImage(ami_id), f"image {ami_id} is dropped"
        world.machines.carry_out(lambda: order, 0.0, label, _nothing, _nothing)


def _nothing(_problem: Exception | None = None) -> None:
    """Nobody waits for it."""
