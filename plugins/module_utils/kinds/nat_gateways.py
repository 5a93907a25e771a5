# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All NAT gateways of a site, also those that are dead, from one list call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.scope import Scope
from ..aws.view import View
from ..engine import canon

KIND = "nat_gateway"
ALIVE = ("pending", "available")
GONE = ("deleting", "deleted")


def listed(view: View) -> list[dict[str, Any]]:
    """Our NAT gateways; AWS shows a deleted one for about an hour."""
    found = view.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=view.scope.filters())
    return [item for item in found if owned(view.scope, item)]


def owned(scope: Scope, item: Mapping[str, Any]) -> bool:
    return scope.owns(canon.tags(item.get("Tags", [])), KIND)


def id_of(scope: Scope, item: Mapping[str, Any]) -> str:
    return scope.id_of(canon.tags(item["Tags"]))
