# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What gateway and interface endpoints share: one list, one way to tell, change and remove them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..aws.errors import Meaning, NotYet, meaning
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Want
from .base import have_for, retag_ec2
from .unsuccessful import raise_failures

GONE = ("deleting", "deleted", "expired", "rejected", "failed")


def listed(view: View, kind: str) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """(id, endpoint, tags) of our endpoints of a kind, from one call for both kinds."""
    return view.owned(kind, "ec2", "describe_vpc_endpoints", "VpcEndpoints")


def state(item: Mapping[str, Any]) -> str:
    """In lower case: the API answers so, and its model says otherwise."""
    return str(item["State"]).lower()


def made(want: Want, answer: Mapping[str, Any]) -> Have:
    """What is there after a create with this answer."""
    item = answer["VpcEndpoint"]
    status = state(item)
    facts = {"id": item["VpcEndpointId"]}
    return have_for(want, facts, settled=status == "available", status=status)


def now(aws: Aws, endpoint: str) -> Mapping[str, Any]:
    """The endpoint at this moment, {} where it is gone."""
    answer = aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    return next(iter(answer), {})


def membership(
    name: str, there: Iterable[str], had: Iterable[str], wanted: Iterable[str]
) -> dict[str, Any]:
    """Arguments of ModifyVpcEndpoint that let it have these members; those of others stay.

    name: "RouteTableIds", say. there: all that it has, for AWS refuses what it has already. had:
    those of them that are ours.
    """
    goal, present = set(wanted), set(there)
    return {
        f"Add{name}": sorted(goal - present),
        f"Remove{name}": sorted((set(had) - goal) & present),
    }


def policy(document: Mapping[str, Any]) -> str:
    return json.dumps(document)


def update(aws: Aws, have: Have, edits: Mapping[str, Any], changes: Iterable[Change]) -> None:
    """Makes the edits, and those of the changes that are of tags."""
    endpoint = have.facts["id"]
    _modify(aws, endpoint, edits)
    retag_ec2(aws, endpoint, changes)


def _modify(aws: Aws, endpoint: str, edits: Mapping[str, Any]) -> None:
    """Makes the edits that say anything."""
    telling = {key: value for key, value in edits.items() if value not in ([], None)}
    if not telling:
        return
    try:
        aws.once("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint, **telling)
    except Exception as error:
        if meaning(error) is not Meaning.EXISTS:
            raise
        raise NotYet(f"what was looked at is out of date: {error}") from error


def delete(aws: Aws, have: Have) -> None:
    """Starts it. The interfaces of an endpoint hold its subnets and groups until they are gone."""
    answer = aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[have.facts["id"]])
    raise_failures(answer, "DeleteVpcEndpoints")
