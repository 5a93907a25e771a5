# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interface endpoint: an AWS service at addresses of the VPC, where there is no way out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ..aws.errors import Conflict, NotYet
from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.errors import EngineError
from ..engine.model import Change, Have, Rules, Want
from . import vpc_endpoints
from .base import Kind, changed

CONFLICT = "conflicting DNS domain"


class NotOffered(EngineError):
    code = "not_offered"


class InterfaceEndpoint(Kind):
    """spec: vpc (id), service ("com.amazonaws.us-east-1.ssm"), subnets {our id, which ends with the
    letter of its zone: subnet id}, one of a zone, security_groups (ids, unordered), private_dns
    (bool: the service's own name leads to it), policy (document), tags. facts: id.

    It has a network interface in each subnet of a zone in which AWS offers the service, which hosts
    in the other zones reach as well, and is paid for each by the hour.
    """

    name: ClassVar[str] = "interface_endpoint"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"vpc", "service"}), rank=63)
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for id, item, tags in vpc_endpoints.listed(view, self.name):
            state = vpc_endpoints.state(item)
            if state in vpc_endpoints.GONE:
                continue
            owned = view.owned("subnet", "ec2", "describe_subnets", "Subnets")
            names = {subnet["SubnetId"]: name for name, subnet, _tags in owned}
            subnets = item.get("SubnetIds", [])
            yield Have(
                self.name,
                id,
                {
                    "vpc": item["VpcId"],
                    "service": item["ServiceName"],
                    "subnets": {names[key]: key for key in subnets if key in names},
                    "security_groups": canon.unordered(_groups(item)),
                    "private_dns": bool(item.get("PrivateDnsEnabled")),
                    "policy": canon.policy(item.get("PolicyDocument") or {}),
                    "tags": tags,
                },
                {"id": item["VpcEndpointId"]},
                settled=state == "available",
                status=state,
                foreign=tuple(f"subnet {key}" for key in subnets if key not in names),
            )

    def fitted(self, view: View, want: Want) -> Want:
        zones = _zones(view, want.spec["service"])
        subnets = {
            id: subnet
            for id, subnet in want.spec["subnets"].items()
            if f"{view.scope.region}{id[-1]}" in zones
        }
        return replace(want, spec={**want.spec, "subnets": subnets})

    def objections(
        self, view: View, want: Want, have: Have | None
    ) -> Iterator[EngineError | Conflict]:
        """Without a subnet it would lead nowhere."""
        yield from super().objections(view, want, have)
        if not want.spec["subnets"]:
            service = want.spec["service"]
            zones = ", ".join(sorted(_zones(view, service))) or "no zone"
            yield NotOffered(
                f"{want.address}: AWS offers {service} in {zones} of {view.scope.region}, and in "
                "none of those that are declared",
                "declare one of these zones as well, for a drill at the site that is rehearsed",
            )

    def create(self, aws: Aws, want: Want) -> Have:
        spec = want.spec
        arguments = {
            "VpcEndpointType": "Interface",
            "VpcId": spec["vpc"],
            "ServiceName": spec["service"],
            "SubnetIds": sorted(spec["subnets"].values()),
            "SecurityGroupIds": list(spec["security_groups"]),
            "PrivateDnsEnabled": spec["private_dns"],
            "PolicyDocument": vpc_endpoints.policy(spec["policy"]),
            "TagSpecifications": specification("vpc-endpoint", spec["tags"]),
        }
        token = aws.token(want.address, arguments)
        try:
            answer = aws.client("ec2").create_vpc_endpoint(**arguments, ClientToken=token)
        except Exception as error:
            if CONFLICT not in str(error) or not _leaving(aws, want):
                raise
            raise NotYet(
                f"an endpoint that is being deleted has the name still: {error}"
            ) from error
        return vpc_endpoints.made(want, answer)

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        edits = _edits(aws, want.spec, have, changed(changes))
        vpc_endpoints.update(aws, have, edits, changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        vpc_endpoints.delete(aws, have)


def _zones(view: View, service: str) -> frozenset[str]:
    """The names of the zones in which AWS offers a service by endpoints; none where it does not."""
    found = view.pages(
        "ec2", "describe_vpc_endpoint_services", "ServiceDetails", ServiceNames=[service]
    )
    return frozenset(zone for one in found for zone in one["AvailabilityZones"])


def _groups(item: Mapping[str, Any]) -> list[str]:
    return [group["GroupId"] for group in item.get("Groups", [])]


def _leaving(aws: Aws, want: Want) -> bool:
    """Whether one of ours is on its way out: its private name is taken until it is gone."""
    found = vpc_endpoints.listed(View(aws), InterfaceEndpoint.name)
    return any(
        id == want.id and vpc_endpoints.state(item) == "deleting" for id, item, _tags in found
    )


def _edits(aws: Aws, spec: Mapping[str, Any], have: Have, keys: frozenset[str]) -> dict[str, Any]:
    edits: dict[str, Any] = {}
    if "policy" in keys:
        edits["PolicyDocument"] = vpc_endpoints.policy(spec["policy"])
    if "private_dns" in keys:
        edits["PrivateDnsEnabled"] = spec["private_dns"]
    if not {"subnets", "security_groups"} & keys:
        return edits
    now = vpc_endpoints.now(aws, have.facts["id"])
    had, wanted = have.spec["subnets"].values(), spec["subnets"].values()
    edits |= vpc_endpoints.membership("SubnetIds", now.get("SubnetIds", []), had, wanted)
    groups = _groups(now)
    edits |= vpc_endpoints.membership("SecurityGroupIds", groups, groups, spec["security_groups"])
    return edits
