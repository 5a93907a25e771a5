# SPDX-License-Identifier: GPL-3.0-or-later
"""Which target groups and certificates the listeners of a region use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.acm.models import acm_backends
from moto.elbv2.exceptions import ELBClientError as Refusal


def uses(backend: Any) -> Iterator[tuple[str, str]]:
    """Pairs of load balancer and target group that a rule or default action connects."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for action in rule.actions:
                    for group in backend._get_target_group_arns_from(action_data=action.data):
                        yield balancer.arn, group


def relink(backend: Any) -> list[Any]:
    """Say anew who uses what; the target groups that have got their first listener."""
    found: dict[str, list[str]] = {}
    for balancer, group in uses(backend):
        found.setdefault(group, [])
        if balancer not in found[group]:
            found[group].append(balancer)
    begun = []
    for group in backend.target_groups.values():
        users = found.get(group.arn, [])
        if users and not getattr(group, "served", False):
            begun.append(group)
        group.served = bool(users)
        group.load_balancer_arns = users
    relink_certificates(backend)
    return begun


def relink_certificates(backend: Any) -> None:
    used: dict[str, list[str]] = {}
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for arn in listener.certificates:
                used.setdefault(arn, []).append(balancer.arn)
    certificates = acm_backends[backend.account_id][backend.region_name]._certificates
    for arn, certificate in certificates.items():
        others = [user for user in certificate.in_use_by if ":elasticloadbalancing:" not in user]
        certificate.in_use_by = others + sorted(set(used.get(arn, [])))


def check_one_balancer(backend: Any, balancer: str, actions: list[Any]) -> None:
    """Refuse to put a target group behind a second load balancer."""
    wanted = {
        group
        for action in actions
        for group in backend._get_target_group_arns_from(action_data=action)
    }
    for user, group in uses(backend):
        if group in wanted and user != balancer:
            raise Refusal(
                "TargetGroupAssociationLimit",
                "The following target groups cannot be associated with more than one load "
                f"balancer: {group}",
            )


def check_certificate(backend: Any, arn: str | None) -> None:
    """Refuse what is no certificate of this region, and one that is not issued yet."""
    if not arn:
        raise Refusal("ValidationError", "A certificate must be specified for HTTPS listeners")
    if ":iam:" in arn:
        return
    certificate = acm_backends[backend.account_id][backend.region_name]._certificates.get(arn)
    if certificate is None:
        raise Refusal("CertificateNotFound", f"Certificate '{arn}' not found")
    if certificate.status != "ISSUED":
        raise Refusal(
            "UnsupportedCertificate",
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported "
            "signature, and a supported key size.",
        )
