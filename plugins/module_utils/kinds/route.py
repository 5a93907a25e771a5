# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route: one destination in a route table of ours. AWS keeps no tags of it.

It is ours if it is declared for our table, or, once that is no longer so, if it leads to one of our
gateways. Whatever else stands in the table belongs to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import route_tables
from .base import Kind, have_for


class Route(Kind):
    """The default route of a table; id: that of its route table.

    spec: table (id), destination ("0.0.0.0/0"), target (id of a NAT or an internet gateway).
    facts: none.
    """

    name: ClassVar[str] = "route"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"table", "destination"}), rank=62, partial=frozenset()
    )
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        declared = {want.id: want.spec["destination"] for want in wants if want.spec}
        gateways = route_tables.gateways(view)
        for id, item, _tags in route_tables.listed(view):
            for route in item["Routes"]:
                where, way = route_tables.destination(route), route_tables.target(route)
                spare = id not in declared and way in gateways
                if where == declared.get(id) or (where == canon.ANYWHERE and spare):
                    spec = {"table": item["RouteTableId"], "destination": where, "target": way}
                    yield Have(self.name, id, spec, {}, status=route.get("State", ""))

    def create(self, aws: Aws, want: Want) -> Have:
        aws.once("ec2").create_route(**_arguments(want.spec))
        return have_for(want, {})

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        aws.client("ec2").replace_route(**_arguments(want.spec))
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("ec2").delete_route(
            RouteTableId=have.spec["table"], DestinationCidrBlock=have.spec["destination"]
        )


def _arguments(spec: Mapping[str, Any]) -> dict[str, str]:
    way = "NatGatewayId" if spec["target"].startswith("nat-") else "GatewayId"
    return {
        "RouteTableId": spec["table"],
        "DestinationCidrBlock": spec["destination"],
        way: spec["target"],
    }
