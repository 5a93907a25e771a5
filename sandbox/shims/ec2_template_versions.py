# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a launch template's versions, of which some may have been deleted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.responses import EC2Response

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "DeleteLaunchTemplateVersions deletes versions but the default one, and says of each whether "
    "it did; no number is given twice.",
    "An unknown version of a launch template is refused.",
    "All versions are told that were asked for, not the first fifteen.",
)
HOOKS: tuple[Hook, ...] = (
    (LaunchTemplate, "create_version", ("data", "description")),
    (LaunchTemplate, "get_version", ("num",)),
    (LaunchTemplate, "default_version", ()),
    (
        LaunchTemplateBackend,
        "describe_launch_template_versions",
        ("template_name", "template_id", "versions", "min_version", "max_version", "max_results"),
    ),
)
MOST = 200  # versions in a request


def install(world: World) -> None:
    """Change how the emulator finds versions of launch templates, and let them be deleted."""
    _numbers()
    _ranges()

    @add(EC2Response, "delete_launch_template_versions")
    def delete(self: EC2Response) -> ActionResult:
        template = _named(self)
        wanted = self._get_param("Versions", [])
        if len(wanted) > MOST:
            raise EC2ClientError(
                "InvalidParameterValue", f"You can delete up to {MOST} versions in a request."
            )
        self.error_on_dryrun()
        gone, left = [], []
        for version in wanted:
            told: dict[str, Any] = {
                "LaunchTemplateId": template.id,
                "LaunchTemplateName": template.name,
                "VersionNumber": int(version) if str(version).isdigit() else None,
            }
            if trouble := _drop(template, str(version)):
                left.append({**told, "ResponseError": trouble})
            else:
                gone.append(told)
        return ActionResult(
            {
                "SuccessfullyDeletedLaunchTemplateVersions": gone,
                "UnsuccessfullyDeletedLaunchTemplateVersions": left,
            }
        )


def _named(response: EC2Response) -> Any:
    """The launch template that a request names, by one of two ways."""
    name = response._get_param("LaunchTemplateName")
    number = response._get_param("LaunchTemplateId")
    if name and number:
        raise EC2ClientError(
            "InvalidParameterCombination",
            "You can specify the launch template ID or the launch template name, but not both.",
        )
    if not name and not number:
        raise EC2ClientError(
            "MissingParameter",
            "You must specify either the launch template ID or the launch template name.",
        )
    ec2: Any = response.ec2_backend
    return ec2.get_launch_template_by_name(name) if name else ec2.get_launch_template(number)


def _drop(template: Any, number: str) -> dict[str, str]:
    """Delete a version; why that cannot be done, as AWS answers it."""
    found = [one for one in template.versions if str(one.number) == number]
    if not found:
        return {
            "Code": "launchTemplateVersionDoesNotExist",
            "Message": f"Launch template {template.id} has no version {number}.",
        }
    if found[0].number == template.default_version_number:
        return {
            "Code": "unexpectedError",
            "Message": f"Version {number} is the default one and cannot be deleted.",
        }
    template.versions.remove(found[0])
    return {}


def _numbers() -> None:
    @wrap(LaunchTemplate, "create_version")
    def create(original: Callable[..., Any], self: Any, data: Any, description: Any) -> Any:
        version = original(data, description)
        # The emulator counts those that are there.
        version.number = self.__dict__.get("last_number", 0) + 1
        self.last_number = version.number
        return version

    def numbered(template: Any, number: str) -> Any:
        for version in template.versions:
            if str(version.number) == number:
                return version
        raise InvalidLaunchTemplateVersionNotFound(template_id=template.id, version=number)

    @wrap(LaunchTemplate, "get_version")
    def get(original: Callable[[Any], Any], self: Any, num: Any) -> Any:
        text = str(num)
        return original(num) if text.startswith("$") else numbered(self, text)

    @wrap(LaunchTemplate, "default_version")
    def default(_original: Callable[[], Any], self: Any) -> Any:
        return numbered(self, str(self.default_version_number))


def _ranges() -> None:
    @wrap(LaunchTemplateBackend, "describe_launch_template_versions")
    def describe(
        original: Callable[..., Any],
        self: Any,
        template_name: str,
        template_id: str,
        versions: list[str],
        min_version: int,
        max_version: int,
        **_page: int,
    ) -> Any:
        # The emulator has no second page, and ends the first one after fifteen.
        if versions or not (min_version or max_version):
            return original(template_name, template_id, versions, 0, 0, sys.maxsize)
        # It takes a number for a place in the list.
        everything = original(template_name, template_id, [], 0, 0, sys.maxsize)
        least, most = int(min_version or 0), int(max_version or sys.maxsize)
        return [one for one in everything if least <= one[1].number <= most]
