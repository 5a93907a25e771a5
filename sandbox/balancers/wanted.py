# SPDX-License-Identifier: GPL-3.0-or-later
"""What load balancers are to be, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """Where a load balancer is in one of its subnets; `public` is "" where it faces no internet."""

    subnet_id: str
    zone: str
    address: str
    public: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A health check; times in AWS seconds, `port` 0 for the one that gets requests."""

    protocol: str
    path: str
    port: int
    interval: int
    timeout: int
    healthy: int
    unhealthy: int
    codes: str


@dataclass(frozen=True, slots=True)
class Target:
    """`id` is that of an instance, or an address; `fails`: its checks do, whatever it answers."""

    id: str
    address: str
    port: int
    zone: str
    fails: bool = False

    @property
    def server(self) -> str:
        """Its name in HAProxy."""
        return f"{self.id}_{self.port}"


@dataclass(frozen=True, slots=True)
class Group:
    """A target group. `targets` may get requests, `leaving` are those that drain."""

    name: str
    arn: str
    protocol: str
    version: str
    check: Check
    targets: tuple[Target, ...]
    leaving: tuple[Target, ...]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a rule: it holds if one of the values fits.

    `field` is AWS's name of it, `name` that of the header for `http-header`. Values of
    `query-string` are pairs of key ("" for any) and value, those of all others single.
    """

    field: str
    values: tuple[tuple[str, ...], ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """To one of the groups, by weight; `sticky` are the seconds for which a client stays there."""

    groups: tuple[tuple[str, int], ...]
    sticky: int = 0


@dataclass(frozen=True, slots=True)
class Redirect:
    """All but `status` are AWS's templates, such as `/#{path}`."""

    status: int
    protocol: str
    host: str
    port: str
    path: str
    query: str


@dataclass(frozen=True, slots=True)
class Fixed:
    status: int
    type: str
    body: str


Action = Forward | Redirect | Fixed


@dataclass(frozen=True, slots=True)
class Rule:
    """`priority` is None for the default rule."""

    priority: int | None
    conditions: tuple[Condition, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Certificate:
    """`pem` is the certificate, its chain and its key."""

    arn: str
    pem: str


@dataclass(frozen=True, slots=True)
class Listener:
    """`rules` in the order in which they are tried; the first certificate is the default one."""

    port: int
    protocol: str
    policy: str
    certificates: tuple[Certificate, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Balancer:
    arn: str
    account_id: str
    region: str
    name: str
    dns_name: str
    scheme: str
    vpc_id: str
    security_groups: tuple[str, ...]
    nodes: tuple[Node, ...]
    listeners: tuple[Listener, ...]
    groups: tuple[Group, ...]
    attributes: Mapping[str, str]

    @property
    def suffix(self) -> str:
        """The end of its ARN, by which AWS names it in metrics and logs: app/name/id."""
        return self.arn.partition(":loadbalancer/")[2]

    def on(self, attribute: str) -> bool:
        """Whether an attribute is "true"."""
        return self.attributes.get(attribute) == "true"
