# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site's certificates as ACM tells them, for the kinds that read them: one look serves all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws.view import View
from ..engine import canon
from ..engine.model import Want
from .arn_tags import tagged, tags_of
from .route53 import bare

KIND = "certificate"
DEAD = ("FAILED", "VALIDATION_TIMED_OUT", "REVOKED", "EXPIRED", "INACTIVE")
ISSUED = "ISSUED"
# All that there are: without being asked ACM lists those of RSA, and of these the short ones only.
KEYS = (
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """names: besides the domain. records: by name, (name, value) of the CNAME that proves it."""

    id: str
    arn: str
    domain: str
    names: tuple[str, ...]
    status: str
    records: Mapping[str, tuple[str, str]]
    tags: Mapping[str, str]

    @property
    def alive(self) -> bool:
        return self.status not in DEAD

    @property
    def provable(self) -> bool:
        """True once ACM has said, a moment after the request, which records it wants to see."""
        return self.status == ISSUED or {self.domain, *self.names} <= self.records.keys()

    def covers(self, spec: Mapping[str, Any]) -> bool:
        """True if it is what the spec wants; a spec without names wants whatever is in force."""
        if "domain" not in spec:
            return self.alive
        wanted = (spec["domain"], tuple(spec["names"]))
        return self.alive and wanted == (self.domain, self.names)


def ours(view: View, domains: Iterable[str], wants: Sequence[Want] = ()) -> list[Certificate]:
    """All certificates that carry our tags, issued ones first.

    domains: those declared. A certificate for one of them is asked for its tags where the shared
    answer does not know it yet; the account's many others are not. wants: those whose tags are
    compared.
    """
    declared = set(domains)
    found = list(_read(view, declared, wants))
    return sorted(found, key=lambda item: (item.status != ISSUED, item.arn))


def chosen(view: View, spec: Mapping[str, Any]) -> Certificate | None:
    """The certificate in force for a spec."""
    domains = [spec["domain"]] if "domain" in spec else []
    return next((item for item in ours(view, domains) if item.covers(spec)), None)


def of_others(view: View, name: str, record: str) -> bool:
    """Whether a living certificate that is not ours is proved by the record that proves a name.

    ACM asks all of an account that bear the name, or are for the wildcard over it, for the same
    record. Those of other regions are not looked at.
    """
    base = name.removeprefix("*.")
    for item in view.pages(
        "acm", "list_certificates", "CertificateSummaryList", Includes={"keyTypes": list(KEYS)}
    ):
        # All of them: a certificate of ACM bears a hundred at most, and as many are listed.
        told = (item["DomainName"], *item.get("SubjectAlternativeNameSummaries", ()))
        if base not in {bare(one).removeprefix("*.") for one in told}:
            continue
        arn = item["CertificateArn"]
        answer = view.call("acm", "describe_certificate", CertificateArn=arn)
        if answer and _asks_for(record, _certificate("", answer["Certificate"], {})):
            tags = view.call("acm", "list_tags_for_certificate", CertificateArn=arn)
            if tags and not view.scope.owns(canon.tags(tags["Tags"]), KIND):
                return True
    return False


def _asks_for(record: str, item: Certificate) -> bool:
    """One of which ACM has not said yet what it asks for is taken to ask for it."""
    known = any(record == name for name, _value in item.records.values())
    return item.alive and (known or not item.provable)


def _read(view: View, domains: set[str], wants: Sequence[Want]) -> Iterator[Certificate]:
    for item in view.pages("acm", "list_certificates", "CertificateSummaryList"):
        arn, domain = item["CertificateArn"], bare(item["DomainName"])
        tags = tagged(view, "acm").get(arn, {})
        if domain in domains:
            tags = _tags(view, arn, wants)
        if not view.scope.owns(tags, KIND):
            continue
        answer = view.call("acm", "describe_certificate", CertificateArn=arn)
        if answer:
            yield _certificate(view.scope.id_of(tags), answer["Certificate"], tags)


def _certificate(id: str, detail: Mapping[str, Any], tags: Mapping[str, str]) -> Certificate:
    domain = bare(detail["DomainName"])
    options: Sequence[Mapping[str, Any]] = detail.get("DomainValidationOptions", ())
    return Certificate(
        id,
        detail["CertificateArn"],
        domain,
        canon.unordered(
            bare(name) for name in detail.get("SubjectAlternativeNames", ()) if bare(name) != domain
        ),
        detail["Status"],
        {
            bare(option["DomainName"]): (
                bare(option["ResourceRecord"]["Name"]),
                bare(option["ResourceRecord"]["Value"]),
            )
            for option in options
            if "ResourceRecord" in option
        },
        tags,
    )


def _tags(view: View, arn: str, wants: Sequence[Want]) -> Mapping[str, str]:
    def exact() -> Mapping[str, str]:
        answer = view.call("acm", "list_tags_for_certificate", CertificateArn=arn)
        return canon.tags(answer["Tags"] if answer else ())

    return tags_of(view, arn, wants, exact)
