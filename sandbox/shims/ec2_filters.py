# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter that AWS does not have is refused; one that only the emulator lacks stays a gap."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from moto.core.utils import get_service_model
from moto.ec2.exceptions import EC2ClientError, FilterNotImplementedError
from moto.ec2.models.core import TaggedEC2Resource

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = ("A filter that AWS does not know is refused with InvalidParameterValue.",)
HOOKS: tuple[Hook, ...] = ((TaggedEC2Resource, "get_filter_value", ("filter_name", "method_name")),)
# How the model's documentation lists the filters of an operation.
_LISTED = re.compile(r"<li>\s*<p>\s*<code>([^<]+)</code>")


@cache
def documented(operation: str) -> frozenset[str]:
    """The filters of an EC2 operation as its documentation lists them; empty where it does not."""
    model = get_service_model("ec2")
    if operation not in model.operation_names:
        return frozenset()
    shape = model.operation_model(operation).input_shape
    member = shape.members.get("Filters") if shape else None
    return frozenset(_LISTED.findall(member.documentation)) if member else frozenset()


def install(world: World) -> None:
    """Change what the emulator says to a filter that it has not."""

    @wrap(TaggedEC2Resource, "get_filter_value")
    def value(original: Any, self: Any, filter_name: str, method_name: str | None = None) -> Any:
        try:
            return original(filter_name, method_name)
        except FilterNotImplementedError:
            known = documented(method_name or "")
            if known and filter_name not in known:
                raise EC2ClientError(
                    "InvalidParameterValue", f"The filter '{filter_name}' is invalid"
                ) from None
            raise
