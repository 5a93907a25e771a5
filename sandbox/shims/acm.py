# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: issued once their records stand, and kept while in use."""

from __future__ import annotations

from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.exceptions import AWSError

from sandbox.shims import Hook, _acm_proof
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A certificate is issued a while after its validation records stand in a zone, never before.",
    "The validation record of a domain is the same in every region, and its own for each domain.",
    "The validation record is not told at once; a pending certificate has no dates.",
    "A list of certificates tells the names of each.",
    "A certificate in use is not deleted; a deleted one gives its IdempotencyToken free.",
    "A self-signed certificate imported without a chain is its own chain.",
)
HOOKS: tuple[Hook, ...] = (
    (CertBundle, "__init__", ("account_id", "certificate", "private_key", "chain")),
    (CertBundle, "check", ()),
    (CertBundle, "describe", ()),
    (AWSCertificateManagerBackend, "request_certificate", ("domain_name", "idempotency_token")),
    (AWSCertificateManagerBackend, "delete_certificate", ("arn",)),
    (AWSCertificateManagerResponse, "list_certificates", ()),
)
RECORD_TOLD = 5.0  # AWS seconds until DescribeCertificate tells the record, about.


class ResourceInUse(AWSError):
    TYPE = "ResourceInUseException"


def validation(account_id: str, certificate: Any) -> list[dict[str, Any]]:
    """The validation options as AWS describes them."""
    status = "SUCCESS" if certificate.status == "ISSUED" else certificate.status
    options = []
    for name in _acm_proof.names(certificate):
        option: dict[str, Any] = {
            "DomainName": name,
            "ValidationDomain": name,
            "ValidationStatus": status,
            "ValidationMethod": "DNS",
        }
        if getattr(certificate, "record_told", True):
            host, value = _acm_proof.record(account_id, name)
            option["ResourceRecord"] = {"Name": host, "Type": "CNAME", "Value": value}
        options.append(option)
    return options


def description() -> None:
    @wrap(CertBundle, "check")
    def check(original: Any, self: Any) -> None:
        before = self.status
        original()
        if before == "PENDING_VALIDATION" and self.status == "ISSUED":
            self.status = before

    @wrap(CertBundle, "describe")
    def describe(original: Any, self: Any) -> Any:
        told = original()
        certificate = told["Certificate"]
        if self.type == "AMAZON_ISSUED":
            account_id = self.arn.split(":")[4]
            certificate["DomainValidationOptions"] = validation(account_id, self)
            certificate.pop("IssuedAt", None)
            if hasattr(self, "issued_at"):
                certificate["IssuedAt"] = self.issued_at.timestamp()
            if self.status != "ISSUED":
                for field in ("NotBefore", "NotAfter", "Serial", "Issuer"):
                    certificate.pop(field, None)
            certificate["RenewalEligibility"] = "ELIGIBLE" if self.in_use_by else "INELIGIBLE"
        return told


def lists() -> None:
    @wrap(AWSCertificateManagerResponse, "list_certificates")
    def listed(original: Any, _self: Any) -> Any:
        answer = original()
        for one in answer.result["CertificateSummaryList"]:
            one["SubjectAlternativeNameSummaries"] = one["SubjectAlternativeNames"]
        return answer


def imports() -> None:
    @wrap(CertBundle, "__init__")
    def begin(original: Any, self: Any, *args: Any, chain: bytes | None = None, **kw: Any) -> None:
        original(*args, chain=chain, **kw)
        alone = self.type == "IMPORTED" and chain is None
        if alone and self._cert.issuer == self._cert.subject:
            self.chain = self.cert


def requests(world: World) -> None:
    @wrap(AWSCertificateManagerBackend, "request_certificate")
    def request(original: Any, self: Any, *args: Any, **kwargs: Any) -> str:
        known = set(self._certificates)
        arn = str(original(*args, **kwargs))
        if arn not in known:
            certificate = self._certificates[arn]
            certificate.record_told = False

            def tell() -> None:
                certificate.record_told = True

            world.later(world.scaled(RECORD_TOLD), tell, f"record of {arn} is told")
            _acm_proof.look_at(world, self.account_id, certificate)
        return arn

    @wrap(AWSCertificateManagerBackend, "delete_certificate")
    def delete(original: Any, self: Any, arn: str) -> None:
        certificate = self._certificates.get(arn)
        if certificate is not None and certificate.in_use_by:
            raise ResourceInUse(f"Certificate {arn} is in use.")
        original(arn)
        for token, kept in list(self._idempotency_tokens.items()):
            if kept["arn"] == arn:
                del self._idempotency_tokens[token]


def install(world: World) -> None:
    """Change how the emulator imports, issues and describes certificates."""
    imports()
    description()
    lists()
    requests(world)
