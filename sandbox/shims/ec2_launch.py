# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 instances and the templates they are launched from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import InstanceBackend, InstanceState, StateReason
from moto.ec2.models.launch_templates import (
    LaunchTemplate,
    LaunchTemplateBackend,
    LaunchTemplateVersion,
)
from moto.ec2.responses import EC2Response
from moto.ec2.utils import parse_user_data
from moto.ssm.models import ssm_backends

from sandbox.hosts.orders import Launch
from sandbox.shims import Hook
from sandbox.shims._launch_rules import Asked, check, check_profile, of_template, text
from sandbox.shims._machines import machine
from sandbox.shims.ec2 import forget_tags
from sandbox.shims.ec2_capacity import asked as asked_kind
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "Version 2 and later of a launch template may have user data.",
    "A version made from SourceVersion takes over what it does not say itself.",
    "A template's tags are those it has now, and its own tags are not part of its versions.",
    "An instance gets the instance profile, metadata options, groups and user data of the version "
    "it is launched from.",
    "An ImageId of the form resolve:ssm:<parameter> is resolved at launch.",
    "A deleted launch template leaves no tags.",
    "An instance is pending for its time, then running.",
    "RunInstances launches as many as MaxCount says.",
    "An instance that names no subnet is in the default one of its zone, with an address of it.",
    "RunInstances refuses a missing image and one that is deregistered or not available, a type "
    "that the region does not have or that is of another architecture, unknown key pairs and "
    "instance profiles, security groups of another VPC, and more than 16 KB of user data.",
    "Where hosts are real and the machine has no room for more, InsufficientInstanceCapacity.",
)
HOOKS: tuple[Hook, ...] = (
    (LaunchTemplate, "create_version", ("data", "description")),
    (LaunchTemplateVersion, "image_id", ()),
    (LaunchTemplateBackend, "delete_launch_template", ("name", "tid")),
    (EC2Response, "create_launch_template_version", ()),
    (EC2Response, "run_instances", ()),
    (InstanceBackend, "run_instances", ("image_id", "count", "user_data", "security_group_names")),
    (InstanceBackend, "_get_template_from_args", ("launch_template_arg",)),
)

_RESOLVE = "resolve:ssm:"


def install(world: World) -> None:
    _versions()
    _templates()
    _images()
    _launches(world)


def _versions() -> None:
    @wrap(LaunchTemplate, "create_version")
    def create(original: Callable[..., Any], self: Any, data: Any, description: Any) -> Any:
        if isinstance(data.get("UserData"), (str, bytes)):
            data["UserData"] = parse_user_data(data["UserData"])
        elif data.get("UserData") is None:
            data.pop("UserData", None)
        # The emulator files the template's own tags among those of what it launches.
        given = data.get("TagSpecifications", [])
        kept = [spec for spec in given if spec.get("ResourceType") != "launch-template"]
        if kept:
            data["TagSpecifications"] = kept
        else:
            data.pop("TagSpecifications", None)
        return original(data, description)

    @wrap(EC2Response, "create_launch_template_version")
    def from_source(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        source = self._get_param("SourceVersion")
        answer = original()
        content: Any = answer.result
        shown = content["LaunchTemplateVersion"]
        if source:
            template = self.ec2_backend.get_launch_template(shown["LaunchTemplateId"])
            for name, value in template.get_version(source).data.items():
                shown["LaunchTemplateData"].setdefault(name, value)
        return answer


def _templates() -> None:
    # The emulator assigns the tags of the moment it is made, hence the setter that does nothing.
    now = property(lambda self: self.get_tags(), lambda self, value: None)
    LaunchTemplate.tags = now  # type: ignore[assignment]

    @wrap(LaunchTemplateBackend, "delete_launch_template")
    def delete(original: Callable[..., Any], self: Any, name: Any, tid: Any) -> Any:
        template = original(name, tid)
        forget_tags(self, template.id)
        return template


def resolved(ec2: Any, image_id: str | None) -> str | None:
    """The image that an ImageId means: itself, or the value of the parameter it names.

    Raises EC2ClientError if there is no such parameter.
    """
    if not image_id or not image_id.startswith(_RESOLVE):
        return image_id
    name = image_id.removeprefix(_RESOLVE)
    parameters = ssm_backends[ec2.account_id][ec2.region_name].get_parameters([name])
    if name not in parameters:
        raise EC2ClientError(
            "InvalidParameterValue", f"The parameter {name} of the image does not exist"
        )
    return str(parameters[name].value)


def _images() -> None:
    def image_id(self: Any) -> str:
        return resolved(self.template.ec2_backend, self.data.get("ImageId", "")) or ""

    LaunchTemplateVersion.image_id = property(image_id)  # type: ignore[method-assign, assignment]


def _launches(world: World) -> None:
    @wrap(EC2Response, "run_instances")
    def all_of_them(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
        # The emulator launches MinCount.
        self.params["MinCount"] = self._get_param("MaxCount", 1)
        # The emulator says of a missing one what IAM would say.
        profile = self._get_param("IamInstanceProfile") or {}
        check_profile(self.ec2_backend, profile.get("Name") or "", profile.get("Arn") or "")
        return original()

    @wrap(InstanceBackend, "run_instances")
    def run(
        original: Callable[..., Any],
        self: Any,
        image_id: str,
        count: int,
        user_data: Any,
        security_group_names: list[str],
        **kwargs: Any,
    ) -> Any:
        template = dict(kwargs.get("launch_template") or {})
        data: dict[str, Any] = {}
        if template:
            template.setdefault("Version", "$Default")
            kwargs["launch_template"] = template
            version = self._get_template_from_args(template)
            data = version.data
            image_id = image_id or version.image_id
            kwargs["metadata_options"] = {
                **data.get("MetadataOptions", {}),
                **(kwargs.get("metadata_options") or {}),
            }
            interface = (data.get("NetworkInterfaces") or [{}])[0]
            if not kwargs.get("security_group_ids") and interface.get("Groups"):
                kwargs["security_group_ids"] = list(interface["Groups"])
            if kwargs.get("associate_public_ip") is None:
                kwargs["associate_public_ip"] = interface.get("AssociatePublicIpAddress")
        _choose_subnet(world, self, kwargs)
        _check_room(world, count)
        image = resolved(self, image_id)
        wanted = _asked(self, image or "", user_data, security_group_names, kwargs, data)
        check(self, wanted)
        reservation = original(image, count, user_data, security_group_names, **kwargs)
        asked = kwargs.get("iam_instance_profile_name") or kwargs.get("iam_instance_profile_arn")
        for instance in reservation.instances:
            profile = data.get("IamInstanceProfile") or {}
            if profile and not asked:
                self.associate_iam_instance_profile(
                    instance_id=instance.id,
                    iam_instance_profile_name=profile.get("Name"),
                    iam_instance_profile_arn=profile.get("Arn"),
                )
            # Those of a card that was asked for are the instance's too.
            instance.security_groups = list(instance.nics[0].group_set)
            _boot(world, instance)
        return reservation


def _asked(
    ec2: Any, image: str, user_data: Any, names: list[str], asked: dict[str, Any], data: Any
) -> Asked:
    """What a launch asks for, with what the version of a template says that it is from."""
    subnet = asked.get("subnet_id")
    from_template = of_template(data, image, asked_kind(ec2, asked)[0], [subnet] if subnet else [])
    card = (asked.get("nics") or [{}])[0]
    by_name = [ec2.get_security_group_by_name_or_id(name).id for name in names]
    given = [one for one in asked.get("security_group_ids") or [] if isinstance(one, str)]
    groups = given or by_name or card.get("Groups") or ()
    profile = asked.get("iam_instance_profile_name"), asked.get("iam_instance_profile_arn")
    return replace(
        from_template,
        key=asked.get("key_name") or from_template.key,
        user_data=text(user_data) or from_template.user_data,
        groups=tuple(groups) or from_template.groups,
        subnets=from_template.subnets or tuple(filter(None, [card.get("SubnetId")])),
        profile=(profile[0] or "", profile[1] or "") if any(profile) else from_template.profile,
    )


def _choose_subnet(world: World, ec2: Any, asked: dict[str, Any]) -> None:
    """Without a subnet it is the default one of the zone, or of the first zone that has one.

    A zone that is dead comes last.
    """
    if asked.get("subnet_id") or asked.get("nics"):
        return
    zone = asked.get("placement")
    defaults = ec2.get_default_subnets()
    first = min(defaults, key=lambda name: name in world.dead_zones, default=None)
    if found := defaults.get(zone or first):
        asked["subnet_id"] = found.id
        asked.setdefault("associate_public_ip", None)


def _check_room(world: World, count: int) -> None:
    if world.machines.room() < count:
        raise EC2ClientError(
            "InsufficientInstanceCapacity",
            "We currently do not have sufficient capacity in the Availability Zone you requested: "
            "this machine has not enough memory or inotify instances for more hosts.",
        )


def _boot(world: World, instance: Any) -> None:
    instance._state = InstanceState("pending", 0)
    instance.health = world.machines.booting

    def up() -> None:
        if instance._state.name == "pending":
            instance._state = InstanceState("running", 16)

    def failed(_problem: Exception) -> None:
        if instance._state.name == "pending":
            instance.terminate()
            instance.state_reason = StateReason(
                "Server.InternalError: Internal error on launch", "Server.InternalError"
            )

    wait = world.seconds("instance_running")
    order = Launch(machine(instance))
    world.machines.carry_out(lambda: order, wait, f"instance {instance.id}", up, failed)
