# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gateway endpoint: traffic to an AWS service that takes no NAT gateway. Costs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Meaning, NotYet, meaning
from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import route_tables
from .base import Kind, changed, have_for, retag_ec2
from .unsuccessful import raise_failures

GONE = ("deleting", "deleted", "expired", "rejected", "failed")


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
        for id, item, tags in view.owned(
            self.name, "ec2", "describe_vpc_endpoints", "VpcEndpoints"
        ):
            state = item["State"].lower()
            if state in GONE:
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
            "PolicyDocument": json.dumps(want.spec["policy"]),
            "TagSpecifications": specification("vpc-endpoint", want.spec["tags"]),
        }
        token = aws.token(want.address, arguments)
        item = aws.client("ec2").create_vpc_endpoint(**arguments, ClientToken=token)["VpcEndpoint"]
        state = item["State"].lower()
        facts = {"id": item["VpcEndpointId"]}
        return have_for(want, facts, settled=state == "available", status=state)

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        edits = _edits(aws, want.spec, have, changed(changes))
        if edits:
            _modify(aws, have.facts["id"], edits)
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        answer = aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[have.facts["id"]])
        raise_failures(answer, "DeleteVpcEndpoints")


def _modify(aws: Aws, endpoint: str, edits: Mapping[str, Any]) -> None:
    try:
        aws.once("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint, **edits)
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise
        raise NotYet(f"what was looked at is out of date: {error}") from error


def _edits(aws: Aws, spec: Mapping[str, Any], have: Have, keys: frozenset[str]) -> dict[str, Any]:
    """AWS refuses a route table that it has already, so it is asked for those of this moment."""
    edits: dict[str, Any] = {}
    if "policy" in keys:
        edits["PolicyDocument"] = json.dumps(spec["policy"])
    if "route_tables" in keys:
        ids = [have.facts["id"]]
        answer = aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=ids)["VpcEndpoints"]
        now = {key for item in answer for key in item.get("RouteTableIds", [])}
        wanted = set(spec["route_tables"].values())
        spare = set(have.spec["route_tables"].values()) - wanted
        edits["AddRouteTableIds"] = sorted(wanted - now)
        edits["RemoveRouteTableIds"] = sorted(spare & now)
    return {key: value for key, value in edits.items() if value}
