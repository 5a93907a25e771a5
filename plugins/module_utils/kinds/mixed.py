# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a group launches, in AWS's words: one instance type, or several in order of preference.

With more than one AWS asks for a mixed instances policy, in which the first type that a zone has
is launched. All are on demand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
}


def launching(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What says it of a group's spec, in an order to a group or as what a refresh is to bring."""
    template = {"LaunchTemplateId": spec["template"], "Version": spec["template_version"]}
    if not spec["fallback_types"]:
        return {"LaunchTemplate": template}
    types = (spec["launch"]["instance_type"], *spec["fallback_types"])
    return {
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": template,
                "Overrides": [{"InstanceType": each} for each in types],
            },
            "InstancesDistribution": DISTRIBUTION,
        }
    }


def fallbacks(chosen: Mapping[str, Any], preferred: str | None) -> tuple[str, ...]:
    """The types that a group launches where there is none of the preferred one, in their order.

    Where that is not the first of a policy all of its types are told, and what else a policy says
    stands behind them, for nobody wants it.
    """
    policy = chosen.get("MixedInstancesPolicy", {})
    found = [_type(each) for each in policy.get("LaunchTemplate", {}).get("Overrides", ())]
    rest = found[1:] if found[:1] == [preferred] else found
    return (*rest, *_others(policy.get("InstancesDistribution", {})))


def _type(override: Mapping[str, Any]) -> str:
    more = sorted(name for name, value in override.items() if value and name != "InstanceType")
    return " with ".join([override.get("InstanceType", "any"), *more])


def _others(distribution: Mapping[str, Any]) -> Iterator[str]:
    for name, wanted in DISTRIBUTION.items():
        found = distribution.get(name, wanted)
        # On demand already, whatever the base is.
        if found != wanted and name != "OnDemandBaseCapacity":
            yield f"{name} {found}"
