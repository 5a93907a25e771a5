# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses inside the fabric; they follow from what they belong to."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address

# Every router has this address on each of its cables: the next hop of all that hangs on it.
ROUTER = "169.254.0.1"
# The two ends of a router's way into the internet.
BEYOND, WITHIN = "169.254.0.2", "169.254.0.5"
# The two ends of a peering connection.
PEERS = ("169.254.0.3", "169.254.0.4")
# Where AWS answers in each VPC: names, and what an instance asks about itself.
RESOLVER, METADATA = "169.254.169.253", "169.254.169.254"
# Where AWS's services answer in each VPC, all at one address: who reaches which, `reach` says.
ENDPOINT = "169.254.169.252"
SERVED = (RESOLVER, METADATA, ENDPOINT)

CARD = "eth0"  # of whatever is attached
INTERNET = "internet"  # a router's card towards the internet


def cable(address: str) -> str:
    """A router's end of the cable to an address of its VPC."""
    return f"v{int(IPv4Address(address)):08x}"


def outlet(vpc_id: str) -> str:
    """The internet's end of its cable to a VPC."""
    return _short("i", vpc_id)


def bridge(peering_id: str) -> str:
    """Both ends of a peering connection."""
    return _short("p", peering_id)


def _short(kind: str, text: str) -> str:
    return f"{kind}{hashlib.sha256(text.encode()).hexdigest()[:12]}"
