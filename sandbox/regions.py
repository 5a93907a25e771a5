# SPDX-License-Identifier: GPL-3.0-or-later
"""Which regions there are."""

from __future__ import annotations

from functools import cache

from botocore.session import Session

from sandbox import pricing
from sandbox.calls import Call
from sandbox.services import GLOBAL

# Of requests to services that are one for the whole world.
GLOBAL_REGION = "us-east-1"


@cache
def all_regions() -> frozenset[str]:
    """The regions of the commercial partition, as botocore knows them."""
    return frozenset(Session().get_available_regions("ec2", partition_name="aws"))


def exists(call: Call, allowed: frozenset[str]) -> bool:
    """Whether a call's region is one of those allowed (empty: all that AWS has)."""
    if call.service == pricing.SERVICE:
        return call.region in pricing.REGIONS
    if call.service in GLOBAL or call.service == "sts":
        return call.region in all_regions() or call.region == "aws-global"
    return call.region in (allowed or all_regions())
