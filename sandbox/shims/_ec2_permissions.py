# SPDX-License-Identifier: GPL-3.0-or-later
"""What EC2 takes for a rule of a security group, and what it makes of it.

The rules are those of IpPermission and IpRange in the EC2 API reference. AWS documents no messages;
where one was seen in answers of AWS it is used. What AWS says of ports in the wrong order and of an
ICMP type out of range is not known: their texts are modelled on those beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, NamedTuple

from moto.ec2.exceptions import EC2ClientError

ALL = "-1"
_NAMES: Mapping[str, str] = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_ICMP = ("icmp", "icmpv6")
_LAST_PORT, _LAST_TYPE, _LAST_PROTOCOL = 65535, 255, 255


class Traffic(NamedTuple):
    """What a rule lets pass; the ports are types and codes for ICMP, and None for all protocols."""

    protocol: str
    low: int | None
    high: int | None


def traffic(protocol: Any, low: Any, high: Any) -> Traffic:
    """What a rule lets pass as AWS has it, with a protocol by its name. Raises EC2ClientError."""
    name = _protocol(protocol)
    if name == ALL:
        return Traffic(name, None, None)
    if name in ("tcp", "udp"):
        return Traffic(name, *_ports(low, high))
    if name in _ICMP:
        return Traffic(name, *_types(name, low, high))
    # The other protocols have no ports, whatever is given.
    return Traffic(name, -1, -1)


def canonical(block: Any) -> str:
    """An IPv4 or IPv6 range without the bits that it leaves open. Raises EC2ClientError."""
    try:
        if "/" not in str(block):
            raise ValueError(block)
        return str(ip_network(str(block), strict=False))
    except ValueError:
        raise _invalid(f"CIDR block {block} is malformed") from None


def _protocol(given: Any) -> str:
    if given is None:
        raise _invalid(
            "Invalid value 'null' for protocol. VPC security group rules must specify protocols "
            "explicitly."
        )
    text = str(given).lower()
    name = _NAMES.get(text, text)
    known = name == ALL or name in _NAMES.values()
    if not known and not (name.isdecimal() and int(name) <= _LAST_PROTOCOL):
        raise _invalid(f"Invalid value '{given}' for IP protocol. Unknown protocol.")
    return name


def _ports(low: Any, high: Any) -> tuple[int, int]:
    if low is None or high is None:
        raise _missing("TCP/UDP")
    for end, port in (("from", int(low)), ("to", int(high))):
        if not 0 <= port <= _LAST_PORT:
            raise _invalid(f"TCP/UDP ({end}) port ({port}) out of range")
    if int(low) > int(high):
        raise _invalid(f"Invalid TCP/UDP port range ({low}:{high})")
    return int(low), int(high)


def _types(protocol: str, low: Any, high: Any) -> tuple[int, int]:
    if low is None and high is None and protocol == "icmpv6":
        return -1, -1
    if low is None or high is None:
        raise _missing("ICMP")
    for end, number in (("type", int(low)), ("code", int(high))):
        if not -1 <= number <= _LAST_TYPE:
            raise _invalid(f"ICMP {end} ({number}) out of range")
    if int(low) == -1 and int(high) != -1:
        raise _invalid(f"ICMP code ({high}) must be -1 where the type is -1")
    return int(low), int(high)


def _missing(protocols: str) -> EC2ClientError:
    text = f"Must specify both from and to ports with {protocols}."
    return _invalid(f"Invalid value '{text}' for portRange.")


def _invalid(text: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", text)
