# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 as a whole: dry runs, client tokens, paging, tags."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    DryRunClientError,
    EC2ClientError,
    InvalidParameterValue,
    TagLimitExceeded,
)
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

# Creates of which AWS honours a client token, of those that the collection and its peer use.
TOKENS = (
    "create_nat_gateway",
    "create_route_table",
    "create_vpc_endpoint",
    "create_flow_logs",
    "run_instances",
    "create_launch_template",
    "create_launch_template_version",
    "create_egress_only_internet_gateway",
    "create_network_interface",
    "create_volume",
    "copy_image",
)

# Describes that give pages when asked to, and under which name the items are.
PAGES = {
    "describe_vpcs": "Vpcs",
    "describe_subnets": "Subnets",
    "describe_security_groups": "SecurityGroups",
    "describe_security_group_rules": "SecurityGroupRules",
    "describe_route_tables": "RouteTables",
    "describe_nat_gateways": "NatGateways",
    "describe_internet_gateways": "InternetGateways",
    "describe_vpc_endpoints": "VpcEndpoints",
    "describe_flow_logs": "FlowLogs",
    "describe_network_acls": "NetworkAcls",
    "describe_network_interfaces": "NetworkInterfaces",
    "describe_images": "Images",
    "describe_volumes": "Volumes",
    "describe_tags": "Tags",
}

MENDED = (
    "DryRun answers DryRunOperation (412) and does nothing, for every action.",
    "ClientToken is honoured for " + ", ".join(name.replace("_", " ") for name in TOKENS) + ": "
    "the same token and arguments give the same object again, other arguments "
    "IdempotentParameterMismatch.",
    "MaxResults and NextToken give pages for " + ", ".join(PAGES.values()) + ".",
    "The tags of something that was deleted are no longer listed by DescribeTags.",
    "A create that asks for more than 50 tags makes nothing.",
)
HOOKS: tuple[Hook, ...] = (
    (EC2Response, "call_action", ()),
    (EC2Response, "_get_param", ("param_name",)),
    (TaggedEC2Resource, "get_tags", ()),
    (TagBackend, "describe_tags", ("filters",)),
    *((EC2Response, name, ()) for name in (*TOKENS, *PAGES)),
)

# A repeated create must find its token before any other shim looks at its arguments.
OUTERMOST = True

MOST_TAGS = 50

_Remembered = dict[tuple[str, str, str, str], tuple[str, ActionResult]]


def install(world: World) -> None:
    _dry_runs()
    _client_tokens(world)
    _pages()
    _tags()
    _too_many_tags()


def _dry_runs() -> None:
    @wrap(EC2Response, "call_action")
    def call_action(original: Callable[[], Any], self: EC2Response) -> Any:
        if self._get_param("DryRun") is not True:
            return original()
        _, headers, body = self.serialized(ActionResult(DryRunClientError()))
        return 412, headers, body


def _client_tokens(world: World) -> None:
    remembered: _Remembered = {}
    world.on_reset(remembered.clear)

    def honour(name: str) -> None:
        @wrap(EC2Response, name)
        def create(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
            token = self._get_param("ClientToken")
            # botocore puts in a random token where the caller gives none; remembering it is right.
            if not token:
                return original()
            key = (self.current_account, self.region, name, str(token))
            asked = _digest(self.params)
            if key in remembered:
                before, result = remembered[key]
                if before != asked:
                    raise EC2ClientError(
                        "IdempotentParameterMismatch",
                        "The request uses the same client token as a previous, but non-identical "
                        "request. Do not reuse a client token with different requests, unless the "
                        "requests are identical",
                    )
                return result
            result = original()
            remembered[key] = (asked, result)
            return result

    for name in TOKENS:
        honour(name)


def _digest(params: Any) -> str:
    kept = {k: v for k, v in dict(params).items() if k not in {"ClientToken", "DryRun"}}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def _pages() -> None:
    def page(name: str, items: str) -> None:
        @wrap(EC2Response, name)
        def describe(original: Callable[[], ActionResult], self: EC2Response) -> ActionResult:
            size = self._get_param("MaxResults")
            if size is not None and not 5 <= int(size) <= 1000:
                raise InvalidParameterValue(
                    f"Value ( {size} ) for parameter maxResults is invalid. "
                    "Expecting a value between 5 and 1000."
                )
            answer = original()
            if size is None:
                return answer
            content: Any = answer.result
            everything = list(content[items])
            start = _position(self._get_param("NextToken"))
            end = start + int(size)
            more = {"NextToken": _token(end)} if end < len(everything) else {}
            return ActionResult({**content, items: everything[start:end], **more})

    for name, items in PAGES.items():
        page(name, items)


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"page:{position}".encode()).decode()


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        kind, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if kind == "page":
            return int(number)
    except ValueError:
        pass
    raise EC2ClientError("InvalidNextToken", "The token provided is invalid")


def _tags() -> None:
    @wrap(TaggedEC2Resource, "get_tags")
    def get_tags(_: Callable[[], Any], self: Any) -> list[dict[str, str]]:
        # The emulator searches all tags of the region, with patterns, for each object it shows.
        tags = self.ec2_backend.tags.get(self.id) or {}
        kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), "") if tags else ""
        return [
            {"resource_id": self.id, "key": key, "value": value, "resource_type": kind}
            for key, value in tags.items()
        ]


def _too_many_tags() -> None:
    """The emulator refuses the last tag too, when what bears the others is there already."""

    @wrap(EC2Response, "call_action")
    def call_action(original: Callable[[], Any], self: EC2Response) -> Any:
        names = ("TagSpecifications", "TagSpecification")
        listed = [item for name in names for item in self._get_param(name) or ()]
        if all(len(item.get("Tags", ())) <= MOST_TAGS for item in listed):
            return original()
        _, headers, body = self.serialized(ActionResult(TagLimitExceeded()))
        return 400, headers, body


def forget_tags(backend: Any, *ids: str) -> None:
    """Something was deleted: its tags go with it."""
    for number in ids:
        backend.tags.pop(number, None)
