# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NAT gateway: the way out for hosts without a public address. Making one takes minutes.

A dead gateway stays listed, with its tags, for about an hour, and AWS answers a repeated token with
the object it first made. So the token counts the dead ones of the same id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import NotYet
from ..aws.scope import specification
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import nat_gateways
from .base import Kind, changed, have_for, retag_ec2

ATTEMPTS = 8


class NatGateway(Kind):
    """spec: subnet, allocation (ids), state ("usable", "failed"), tags. facts: id, public_ip.

    One that is being deleted counts as absent. One that failed is replaced by `update`: AWS removes
    it by itself, and it has given back its address.
    """

    name: ClassVar[str] = nat_gateways.KIND
    rules: ClassVar[Rules] = Rules(replace=frozenset({"subnet", "allocation"}), rank=61)
    services: ClassVar[tuple[str, ...]] = ("ec2",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in nat_gateways.listed(view):
            if item["State"] not in nat_gateways.GONE:
                found[nat_gateways.id_of(view.scope, item)].append(item)
        for id, items in found.items():
            alive = [item for item in items if item["State"] in nat_gateways.ALIVE]
            for item in alive or items[-1:]:
                yield self._have(id, item)

    def _have(self, id: str, item: Mapping[str, Any]) -> Have:
        usable = item["State"] in nat_gateways.ALIVE
        return Have(
            self.name,
            id,
            {
                "subnet": item["SubnetId"],
                "allocation": _address(item).get("AllocationId", ""),
                "state": "usable" if usable else "failed",
                "tags": canon.tags(item["Tags"]),
            },
            _facts(item),
            settled=item["State"] == "available",
            status=": ".join(filter(None, (item["State"], item.get("FailureMessage", "")))),
            failed=not usable,
        )

    def create(self, aws: Aws, want: Want) -> Have:
        arguments = {
            "SubnetId": want.spec["subnet"],
            "AllocationId": want.spec["allocation"],
            "ConnectivityType": "public",
            "TagSpecifications": specification("natgateway", want.spec["tags"]),
        }
        dead = _dead(View(aws), want.id)
        _refuse_held(dead, want.spec["allocation"])
        first = len(dead)
        for generation in range(first, first + ATTEMPTS):
            token = aws.scope.token(want.address, arguments, generation)
            item = aws.client("ec2").create_nat_gateway(**arguments, ClientToken=token)[
                "NatGateway"
            ]
            if item["State"] in nat_gateways.ALIVE:
                break
        # A create that is repeated is answered with the gateway that the first one made.
        state = item["State"]
        return have_for(want, _facts(item), settled=state == "available", status=state)

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if "state" in changed(changes):
            return self.create(aws, want)
        retag_ec2(aws, have.facts["id"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Starts it. The address stays in use until the gateway is gone, about a minute later."""
        aws.client("ec2").delete_nat_gateway(NatGatewayId=have.facts["id"])


def _dead(view: View, id: str) -> list[dict[str, Any]]:
    return [
        item
        for item in nat_gateways.listed(view)
        if item["State"] not in nat_gateways.ALIVE and nat_gateways.id_of(view.scope, item) == id
    ]


def _refuse_held(dead: Iterable[Mapping[str, Any]], allocation: str) -> None:
    """A gateway that is being deleted holds its address for about a minute."""
    for item in dead:
        if item["State"] == "deleting" and _address(item).get("AllocationId") == allocation:
            raise NotYet(f"{item['NatGatewayId']} is being deleted and still holds the address")


def _facts(item: Mapping[str, Any]) -> dict[str, str]:
    """The public address is known once the gateway is available."""
    public = _address(item).get("PublicIp")
    return {"id": item["NatGatewayId"], **({"public_ip": public} if public else {})}


def _address(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The primary one; a gateway may be given more by hand."""
    addresses = item.get("NatGatewayAddresses") or [{}]
    first: Mapping[str, Any] = next((a for a in addresses if a.get("IsPrimary")), addresses[0])
    return first
