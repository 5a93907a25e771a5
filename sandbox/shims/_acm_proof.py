# SPDX-License-Identifier: GPL-3.0-or-later
"""How a certificate is proven: by records of its names in a hosted zone of the account."""

from __future__ import annotations

import hashlib
from typing import Any

from moto.acm.models import acm_backends
from moto.route53.models import route53_backends

from sandbox.ground.authority import Authority
from sandbox.world import World


def record(account_id: str, domain: str) -> tuple[str, str]:
    """Name and value of the proof for a domain; the same in every region of an account."""
    base = domain.removeprefix("*.").lower()
    digests = [
        hashlib.md5(f"{account_id}/{base}/{part}".encode(), usedforsecurity=False).hexdigest()
        for part in ("name", "value")
    ]
    zone = "".join(c for c in digests[1] if c.isalpha())[:10].ljust(10, "x")
    return f"_{digests[0]}.{base}.", f"_{digests[1]}.{zone}.acm-validations.aws."


def names(certificate: Any) -> list[str]:
    return sorted({*certificate.sans, certificate.common_name})


def proven(account_id: str, certificate: Any) -> bool:
    """Whether every name's record stands in a public zone of the account."""
    standing = {
        (found.name.lower().rstrip("."), value.rstrip("."))
        for zone in route53_backends[account_id]["aws"].zones.values()
        if not zone.private_zone
        for found in zone.rrsets
        if found.type == "CNAME"
        for value in found.records or ()
    }
    wanted = [record(account_id, name) for name in names(certificate)]
    return all((name.rstrip("."), value.rstrip(".")) in standing for name, value in wanted)


def sign(certificate: Any, authority: Authority) -> None:
    """Have a certificate be one that clients of the sandbox can trust."""
    made, key = authority.issue(certificate.common_name, names(certificate))
    certificate.cert, certificate.key, certificate.chain = made, key, authority.certificate
    certificate._cert = certificate.validate_certificate()
    certificate._key = certificate.validate_pk()


def look(world: World, account_id: str) -> None:
    """Have every pending certificate issued a while after its proof stands."""
    for backend in list(acm_backends[account_id].values()):
        for certificate in list(backend._certificates.values()):
            if certificate.status == "PENDING_VALIDATION":
                look_at(world, account_id, certificate)


def look_at(world: World, account_id: str, certificate: Any) -> None:
    if getattr(certificate, "being_proven", False) or not proven(account_id, certificate):
        return
    certificate.being_proven = True

    def issue() -> None:
        certificate.being_proven = False
        if certificate.status == "PENDING_VALIDATION" and proven(account_id, certificate):
            if world.balancers.authority:
                sign(certificate, world.balancers.authority)
            certificate.status, certificate.issued_at = "ISSUED", world.now()

    wait = world.seconds("acm_dns_validation")
    world.later(wait, issue, f"certificate of {certificate.common_name} is issued")
