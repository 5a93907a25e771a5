# SPDX-License-Identifier: GPL-3.0-or-later
"""The regions that the account can use."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import Region, RegionsAndZonesBackend
from moto.ec2.responses import EC2Response

from sandbox.regions import all_regions
from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

# Those that every account has from the first. Source: "Reference of AWS Regions", AWS Account
# Management, column opt-in status.
FROM_THE_FIRST = frozenset(
    {
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
        *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    }
)

MENDED = (
    "DescribeRegions lists regions of the commercial partition only, and without AllRegions or "
    "RegionNames only those that are enabled: all, or those that the sandbox was started with.",
)
HOOKS: tuple[Hook, ...] = (
    (EC2Response, "describe_regions", ()),
    (Region, "__init__", ("name", "endpoint", "opt_in_status")),
    (RegionsAndZonesBackend, "regions", ()),
)


def install(world: World) -> None:
    @wrap(EC2Response, "describe_regions")
    def describe_regions(original: Any, self: EC2Response) -> ActionResult:
        self.error_on_dryrun()
        named = self._get_param("RegionNames", [])
        enabled = world.regions or all_regions()
        every = named or self._get_bool_param("AllRegions", False)
        return ActionResult(
            {
                "Regions": [
                    Region(name, f"ec2.{name}.amazonaws.com", _opted(name, name in enabled))
                    for name in sorted(all_regions() if every else enabled)
                    if not named or name in named
                ]
            }
        )


def _opted(region: str, enabled: bool) -> str:
    if region in FROM_THE_FIRST:
        return "opt-in-not-required"
    return "opted-in" if enabled else "not-opted-in"
