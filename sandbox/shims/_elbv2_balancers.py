# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers of the emulator as proxies that are to be made, and their places in a VPC."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

from moto.acm.models import AWS_ROOT_CA, acm_backends
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from sandbox.balancers.wanted import (
    Action,
    Balancer,
    Certificate,
    Check,
    Condition,
    Fixed,
    Forward,
    Group,
    Listener,
    Node,
    Redirect,
    Rule,
    Target,
)
from sandbox.world import World

# Of a rule that sends users to an identity provider first: as AWS says that it cannot be reached.
_UNAUTHORIZED = Fixed(561, "text/plain", "")
# Conditions, and where their values are.
_CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}


class Estate:
    """All load balancers of all regions of the emulator."""

    def __init__(self, world: World) -> None:
        self._world = world

    def wanted(self) -> list[Balancer]:
        """Those that are to be there; gives new ones their addresses."""
        found = [
            (backend, balancer)
            for regions in list(elbv2_backends.values())
            for backend in list(regions.values())
            for balancer in list(backend.load_balancers.values())
            if balancer.type == "application"
        ]
        moved = [balancer for backend, balancer in found if occupy(backend, balancer)]
        if moved:
            # Networks let through only what has an interface.
            self._world.touch()
        return [balancer_of(backend, balancer) for backend, balancer in found]

    def store(self, balancer: Balancer, key: str, content: bytes) -> None:
        """Put a log file into the load balancer's bucket. Raises what S3 refuses."""
        backend: Any = elbv2_backends[balancer.account_id][balancer.region]
        bucket = balancer.attributes["access_logs.s3.bucket"]
        s3 = s3_backends[balancer.account_id][backend.partition]
        s3.put_object(bucket, key, content)


def balancer_of(backend: Any, balancer: Any) -> Balancer:
    """A load balancer with all that belongs to it."""
    listeners = tuple(listener_of(backend, one) for one in balancer.listeners.values())
    used = dict.fromkeys(
        name
        for listener in listeners
        for rule in listener.rules
        if isinstance(rule.action, Forward)
        for name, _ in rule.action.groups
    )
    groups = {group.name: group for group in backend.target_groups.values()}
    return Balancer(
        arn=balancer.arn,
        account_id=backend.account_id,
        region=backend.region_name,
        name=balancer.name,
        dns_name=balancer.dns_name,
        scheme=balancer.scheme,
        vpc_id=balancer.vpc_id,
        security_groups=tuple(balancer.security_groups),
        nodes=tuple(nodes_of(balancer)),
        listeners=listeners,
        groups=tuple(group_of(backend, groups[name]) for name in used),
        attributes=dict(balancer.attrs),
    )


def occupy(backend: Any, balancer: Any) -> bool:
    """Give a load balancer a network interface in each of its subnets; whether that changed."""
    before = _shown(balancer)
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    cards: dict[str, Any] = balancer.__dict__.setdefault("cards", {})
    wanted = {subnet.id: subnet for subnet in balancer.subnets}
    for subnet_id in cards.keys() - wanted.keys():
        _give_back(ec2, cards.pop(subnet_id))
    for subnet_id, subnet in wanted.items():
        if subnet_id not in cards:
            cards[subnet_id] = _card(ec2, balancer, subnet)
        card = cards[subnet_id]
        if {group.id for group in card._group_set} != set(balancer.security_groups):
            groups = (ec2.get_security_group_from_id(one) for one in balancer.security_groups)
            card._group_set = [group for group in groups if group is not None]
    return _shown(balancer) != before


def nodes_of(balancer: Any) -> Iterator[Node]:
    for subnet in balancer.subnets:
        card = balancer.cards[subnet.id]
        yield Node(
            subnet.id, subnet.availability_zone, card.private_ip_address, card.public_ip or ""
        )


def _shown(balancer: Any) -> dict[str, tuple[str, ...]]:
    cards = balancer.__dict__.get("cards", {})
    return {one: tuple(group.id for group in card._group_set) for one, card in cards.items()}


def leave(backend: Any, balancer: Any) -> None:
    """Give back the addresses of a load balancer; one that has none is no error."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    for card in balancer.__dict__.pop("cards", {}).values():
        _give_back(ec2, card)


def _card(ec2: Any, balancer: Any, subnet: Any) -> Any:
    name = balancer.arn.partition(":loadbalancer/")[2]
    card: Any = ec2.create_network_interface(
        subnet,
        subnet.get_available_subnet_ip(balancer),
        group_ids=list(balancer.security_groups),
        description=f"ELB {name}",
        public_ip_auto_assign=balancer.scheme == "internet-facing",
    )
    card.requester_managed, card.requester_id, card.status = True, "amazon-elb", "in-use"
    return card


def _give_back(ec2: Any, card: Any) -> None:
    if ec2.enis.pop(card.id, None) is not None:
        card.subnet.del_subnet_ip(card.private_ip_address)


def listener_of(backend: Any, listener: Any) -> Listener:
    rules = sorted(
        (rule_of(backend, rule) for rule in listener.rules.values()),
        key=lambda rule: (rule.priority is None, rule.priority or 0),
    )
    material = (certificate_of(backend, arn) for arn in listener.certificates)
    return Listener(
        int(listener.port),
        listener.protocol,
        listener.ssl_policy or "",
        tuple(certificate for certificate in material if certificate is not None),
        tuple(rules),
    )


def rule_of(backend: Any, rule: Any) -> Rule:
    return Rule(
        None if rule.is_default else int(rule.priority),
        tuple(condition_of(condition) for condition in rule.conditions),
        action_of(backend, [action.data for action in rule.actions]),
    )


def condition_of(condition: dict[str, Any]) -> Condition:
    field = condition["Field"]
    config = condition.get(_CONFIGS[field], {})
    found = config.get("Values") or condition.get("Values") or []
    if field == "query-string":
        return Condition(field, tuple((pair.get("Key") or "", pair["Value"]) for pair in found))
    name = config.get("HttpHeaderName", "")
    return Condition(field, tuple((str(value),) for value in found), name)


def action_of(backend: Any, found: list[dict[str, Any]]) -> Action:
    """The last action; what comes before it asks the user who he is."""
    ordered = sorted(found, key=lambda action: int(action.get("Order") or 0))
    if not ordered or any(action["Type"].startswith("authenticate") for action in ordered):
        return _UNAUTHORIZED
    last = ordered[-1]
    match last["Type"]:
        case "redirect":
            config = last["RedirectConfig"]
            status = int(str(config["StatusCode"]).removeprefix("HTTP_"))
            parts = (str(config[key]) for key in ("Protocol", "Host", "Port", "Path", "Query"))
            return Redirect(status, *parts)
        case "fixed-response":
            config = last["FixedResponseConfig"]
            return Fixed(
                int(config["StatusCode"]),
                config.get("ContentType") or "text/plain",
                config.get("MessageBody") or "",
            )
    config = last["ForwardConfig"]
    sticky = config.get("TargetGroupStickinessConfig") or {}
    kept = str(sticky.get("Enabled")).lower() == "true"
    known = backend.target_groups
    groups = tuple(
        (known[one["TargetGroupArn"]].name, int(one.get("Weight", 1)))
        for one in config["TargetGroups"]
        if one["TargetGroupArn"] in known
    )
    return Forward(groups, int(sticky.get("DurationSeconds") or 0) if kept else 0)


def certificate_of(backend: Any, arn: str) -> Certificate | None:
    """The key material of a certificate, None if there is none."""
    if ":iam:" in arn:
        known = iam_backends[backend.account_id][backend.partition].certificates.values()
        found: Any = next((one for one in known if one.arn == arn), None)
        parts = found and (found.cert_body, found.cert_chain or "", found.private_key)
    else:
        found = acm_backends[backend.account_id][backend.region_name]._certificates.get(arn)
        parts = found and (found.cert.decode(), _chain(found), found.key.decode())
    if not parts:
        return None
    return Certificate(arn, "\n".join(part.strip() for part in parts if part.strip()) + "\n")


def _chain(certificate: Any) -> str:
    """Without what the emulator always puts at its end, and without the certificate itself."""
    chain = bytes(certificate.chain).replace(AWS_ROOT_CA, b"")
    return str(chain.replace(certificate.cert.strip(), b"").strip().decode())


def group_of(backend: Any, group: Any) -> Group:
    drained = {
        target: mark
        for target, mark in group.__dict__.get("marks", {}).items()
        if mark[0] == "draining" and target not in group.targets
    }
    ports = {**group.deregistered_targets, **group.terminated_targets}
    return Group(
        name=group.name,
        arn=group.arn,
        protocol=group.protocol,
        version=group.protocol_version or "HTTP1",
        check=check_of(group),
        targets=tuple(targets_of(backend, group, group.targets.values())),
        leaving=tuple(
            targets_of(backend, group, [ports.get(one, {"Id": one}) for one in drained], True)
        ),
        attributes={key: str(value) for key, value in group.attributes.items()},
    )


def check_of(group: Any) -> Check:
    port = str(group.health_check_port)
    return Check(
        protocol=group.health_check_protocol,
        path=group.health_check_path or "/",
        port=int(port) if port.isdigit() else 0,
        interval=int(group.health_check_interval_seconds),
        timeout=int(group.health_check_timeout_seconds),
        healthy=int(group.healthy_threshold_count),
        unhealthy=int(group.unhealthy_threshold_count),
        codes=str((getattr(group, "matcher", None) or {}).get("HttpCode") or "200"),
    )


def targets_of(backend: Any, group: Any, found: Any, gone: bool = False) -> Iterator[Target]:
    """Targets that may get requests; a stopped instance gets none. `gone`: whatever they are."""
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    marks = group.__dict__.get("marks", {})
    for one in found:
        port = int(one.get("Port") or group.port)
        fails = marks.get(one["Id"], ("",))[0] == "unhealthy"
        if group.target_type == "ip":
            yield Target(one["Id"], one["Id"], port, zone_of(ec2, group, one), fails)
            continue
        instance: Any = ec2.get_instance_by_id(one["Id"])
        if gone and instance is None:
            yield Target(one["Id"], "", port, "")
        elif instance is not None and (gone or instance.state == "running"):
            subnet: Any = ec2.get_subnet(instance.subnet_id)
            zone = subnet.availability_zone
            yield Target(one["Id"], str(instance.private_ip_address), port, zone, fails)


def zone_of(ec2: Any, group: Any, target: dict[str, Any]) -> str:
    """The zone of an address, whose subnet is one of the VPC; "" for an address outside of it."""
    if zone := target.get("AvailabilityZone"):
        return str(zone)
    for zone in ec2.subnets.values():
        for subnet in zone.values():
            if subnet.vpc_id == group.vpc_id and _within(target["Id"], subnet):
                return str(subnet.availability_zone)
    return ""


def _within(address: str, subnet: Any) -> bool:
    return ip_address(address) in ip_network(str(subnet.cidr_block))
