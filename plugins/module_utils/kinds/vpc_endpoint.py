# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gateway endpoint: traffic to an AWS service that takes no NAT gateway. Costs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import route_tables, vpc_endpoints
from .base import Kind, changed


class VpcEndpoint(Kind):
    """spec: vpc (id), service ("com.amazonaws.us-east-1.s3"), route_tables {our id: table id},
    policy (document), tags. facts: id.

    AWS puts a route to the service's prefix list into each table; these belong to the endpoint.
    """

    name: ClassVar[str] = "vpc_endpoint"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"vpc", "service"}), rank=63)
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        names = route_tables.names(view)
        for id, item, tags in vpc_endpoints.listed(view, self.name):
            state = vpc_endpoints.state(item)
            if state in vpc_endpoints.GONE:
                continue
            tables = item.get("RouteTableIds", [])
            yield Have(
                self.name,
                id,
                {
                    "vpc": item["VpcId"],
                    "service": item["ServiceName"],
                    "route_tables": {names[key]: key for key in tables if key in names},
                    "policy": canon.policy(item.get("PolicyDocument") or {}),
                    "tags": tags,
                },
                {"id": item["VpcEndpointId"]},
                settled=state == "available",
                status=state,
                foreign=tuple(f"route table {key}" for key in tables if key not in names),
            )

    def create(self, aws: Aws, want: Want) -> Have:
        arguments = {
            "VpcEndpointType": "Gateway",
            "VpcId": want.spec["vpc"],
            "ServiceName": want.spec["service"],
            "RouteTableIds": sorted(want.spec["route_tables"].values()),
            "PolicyDocument": vpc_endpoints.policy(want.spec["policy"]),
            "TagSpecifications": specification("vpc-endpoint", want.spec["tags"]),
        }
        token = aws.token(want.address, arguments)
        answer = aws.client("ec2").create_vpc_endpoint(**arguments, ClientToken=token)
        return vpc_endpoints.made(want, answer)

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        edits = _edits(aws, want.spec, have, changed(changes))
        vpc_endpoints.update(aws, have, edits, changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        vpc_endpoints.delete(aws, have)


def _edits(aws: Aws, spec: Mapping[str, Any], have: Have, keys: frozenset[str]) -> dict[str, Any]:
    edits: dict[str, Any] = {}
    if "policy" in keys:
        edits["PolicyDocument"] = vpc_endpoints.policy(spec["policy"])
    if "route_tables" in keys:
        tables = vpc_endpoints.now(aws, have.facts["id"]).get("RouteTableIds", [])
        had, wanted = have.spec["route_tables"].values(), spec["route_tables"].values()
        edits |= vpc_endpoints.membership("RouteTableIds", tables, had, wanted)
    return edits
