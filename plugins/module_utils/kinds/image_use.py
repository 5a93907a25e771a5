# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which images hosts run, may be launched from, or would be put back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.view import View
from . import autoscaling, refreshing

WAYS_BACK = 2


def in_use(view: View) -> frozenset[str]:
    """Ids of the images of the versions of a site's launch templates that are in use: the default,
    that of a group, of its hosts and of a refresh under way; and of the release before. Besides,
    those of the default and the newest version of every launch template of the account.
    """
    found = _of_all(view)
    for _id, item, _tags in view.owned(
        "launch_template", "ec2", "describe_launch_templates", "LaunchTemplates"
    ):
        name = item["LaunchTemplateName"]
        images = _images(view, name)
        current = str(item["DefaultVersionNumber"])
        found.update(images.get(number, "") for number in (current, *_launched(view, name)))
        found.update(_served(view, name, images))
        found.add(_before(images, current))
    return frozenset(found)


def _of_all(view: View) -> set[str]:
    """A staging copy that sleeps launches its hosts in the morning, of an image of production."""
    listed = view.pages(
        "ec2",
        "describe_launch_template_versions",
        "LaunchTemplateVersions",
        Versions=["$Default", "$Latest"],
    )
    return {item["LaunchTemplateData"].get("ImageId", "") for item in listed}


def _images(view: View, name: str) -> dict[str, str]:
    """The image of each version of a template."""
    listed = view.pages(
        "ec2",
        "describe_launch_template_versions",
        "LaunchTemplateVersions",
        LaunchTemplateName=name,
    )
    return {
        str(item["VersionNumber"]): item["LaunchTemplateData"].get("ImageId", "") for item in listed
    }


def _groups(view: View, name: str) -> Iterator[dict[str, Any]]:
    for group in autoscaling.groups(view):
        if autoscaling.template(group).get("LaunchTemplateName") == name:
            yield group


def _launched(view: View, name: str) -> Iterator[str]:
    """Versions that groups launch or are about to, and that their hosts are of."""
    for group in _groups(view, name):
        yield autoscaling.template(group).get("Version", "")
        yield refreshing.launches(group, refreshing.newest(view, group)).get("Version", "")
        for host in group["Instances"]:
            yield host.get("LaunchTemplate", {}).get("Version", "")


def _served(view: View, name: str, images: Mapping[str, str]) -> list[str]:
    """The images that refreshes have brought last: what serves, and what did before."""
    found: dict[str, None] = {}
    for group in _groups(view, name):
        refreshes = view.pages(
            autoscaling.SERVICE,
            "describe_instance_refreshes",
            "InstanceRefreshes",
            AutoScalingGroupName=group["AutoScalingGroupName"],
        )
        done = [item for item in refreshes if item["Status"] == "Successful"]
        for item in sorted(done, key=lambda item: item["StartTime"], reverse=True):
            template = autoscaling.template(item.get("DesiredConfiguration", {}))
            found[images.get(template.get("Version", ""), "")] = None
    return list(found)[:WAYS_BACK]


def _before(images: Mapping[str, str], current: str) -> str:
    """The image of the newest version before the current one that has another. What refreshes did
    AWS knows for some weeks only, and nothing of a group without hosts.
    """
    earlier = [n for n in images if int(n) < int(current) and images[n] != images.get(current)]
    return images[max(earlier, key=int)] if earlier else ""
