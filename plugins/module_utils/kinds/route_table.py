# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route table with the subnets it is for. Its routes are objects of their own: kind `route`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Meaning, NotYet, meaning
from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import route_tables
from .base import Kind, changed, completed, have_for, retag_ec2


class RouteTable(Kind):
    """spec: vpc (id), subnets {our id: subnet id}, routes (destinations that we declare), tags.

    A subnet has one table, so one that was moved is missing where it belongs, and is fetched back
    by that table. `routes` says which destinations are ours; they are compared by kind `route`.
    facts: id.
    """

    name: ClassVar[str] = route_tables.KIND
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"vpc"}), rank=30, partial=frozenset({"tags", "subnets"})
    )
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        declared = {want.id: tuple(want.spec.get("routes", ())) for want in wants}
        owned = view.owned("subnet", "ec2", "describe_subnets", "Subnets")
        names = {item["SubnetId"]: id for id, item, _tags in owned}
        for id, item, tags in route_tables.listed(view):
            subnets = _subnets(item)
            routes = declared.get(id, ())
            yield Have(
                self.name,
                id,
                {
                    "vpc": item["VpcId"],
                    "subnets": {names[key]: key for key in subnets if key in names},
                    "routes": routes,
                    "tags": tags,
                },
                {"id": item["RouteTableId"]},
                foreign=(
                    *_foreign_routes(view, item, routes),
                    *(f"subnet {key}" for key in subnets if key not in names),
                ),
            )

    def create(self, aws: Aws, want: Want) -> Have:
        arguments = {
            "VpcId": want.spec["vpc"],
            "TagSpecifications": specification("route-table", want.spec["tags"]),
        }
        token = aws.token(want.address, arguments)
        table = aws.client("ec2").create_route_table(**arguments, ClientToken=token)["RouteTable"]
        id = table["RouteTableId"]
        subnets = want.spec["subnets"].values()
        return completed(have_for(want, {"id": id}), lambda: _associate(aws, id, subnets))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if "subnets" in changed(changes):
            _associate(aws, have.facts["id"], want.spec["subnets"].values())
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        ours = have.spec["subnets"].values()
        for subnet, (association, table) in _associations(aws, ours).items():
            if table == have.facts["id"] and subnet in ours:
                _disassociate(aws, association)
        aws.client("ec2").delete_route_table(RouteTableId=have.facts["id"])


def _foreign_routes(
    view: View, item: Mapping[str, Any], declared: Collection[str]
) -> Iterator[str]:
    ours = route_tables.gateways(view)
    for route in item["Routes"]:
        where, way = route_tables.destination(route), route_tables.target(route)
        default = where == canon.ANYWHERE and way in ours
        if not (where in declared or default or route_tables.kept_by_aws(route)):
            yield f"route {where} -> {way}"


def _subnets(item: Mapping[str, Any]) -> list[str]:
    return [entry["SubnetId"] for entry in item["Associations"] if entry.get("SubnetId")]


def _associate(aws: Aws, table: str, subnets: Iterable[str]) -> None:
    """Gives the subnets this table. What another table has is moved in one call, without a gap."""
    wanted = sorted(subnets)
    now = _associations(aws, wanted)
    client = aws.once("ec2")
    try:
        for subnet in wanted:
            old, holder = now.get(subnet, ("", ""))
            if not old:
                client.associate_route_table(RouteTableId=table, SubnetId=subnet)
            elif holder != table:
                client.replace_route_table_association(AssociationId=old, RouteTableId=table)
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise
        raise NotYet(f"what was looked at is out of date: {error}") from error


def _associations(aws: Aws, subnets: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Subnet -> (id of its association, id of the table), whoever's table it is."""
    filters = [{"Name": "association.subnet-id", "Values": sorted(subnets)}]
    if not filters[0]["Values"]:
        return {}
    tables = View(aws).pages("ec2", "describe_route_tables", "RouteTables", Filters=filters)
    return {
        entry["SubnetId"]: (entry["RouteTableAssociationId"], table["RouteTableId"])
        for table in tables
        for entry in table["Associations"]
        if entry.get("SubnetId")
    }


def _disassociate(aws: Aws, association: str) -> None:
    try:
        aws.client("ec2").disassociate_route_table(AssociationId=association)
    except Exception as error:
        if meaning(error) is not Meaning.ABSENT:
            raise
