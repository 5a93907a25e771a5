# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificate by DNS validation. A change of its names makes another one beside it.

A certificate in use cannot be deleted, so it is not replaced: the new one is made first, the
listener takes it, and the old one is removed as no longer declared. Dead ones go the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from . import certificates
from .base import Kind, have_for, tag_edits


class Certificate(Kind):
    """spec: domain, names (unordered, besides the domain), tags.

    facts: id, arn, domain; validation_name and validation_value of the record that proves the
    domain, and "validation_name:<name>" and "validation_value:<name>" for every name.
    Settled: as soon as these are known; whether it is issued, certificate_validation says.
    """

    name: ClassVar[str] = "certificate"
    rules: ClassVar[Rules] = Rules(rank=40)
    services: ClassVar[tuple[str, ...]] = ("acm", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        # Another tier that looks it up does not know the domain, so it takes what is in force.
        specs = {want.id: {} if want.given else want.spec for want in wants}
        domains = [spec["domain"] for spec in specs.values() if "domain" in spec]
        taken: set[str] = set()
        for item in certificates.ours(view, domains, wants):
            first = item.id not in taken and item.covers(specs.get(item.id, {}))
            taken |= {item.id} if first else set()
            id = item.id if first else f"{item.id}-{item.arn.rpartition('/')[2][:8]}"
            spec = {"domain": item.domain, "names": item.names, "tags": item.tags}
            yield Have(self.name, id, spec, _facts(item), item.provable, item.status)

    def create(self, aws: Aws, want: Want) -> Have:
        acm, spec = aws.client("acm"), want.spec
        # For an hour ACM answers a token with the certificate it made, even if that one failed.
        dead = acm.get_paginator("list_certificates").paginate(
            CertificateStatuses=list(certificates.DEAD)
        )
        generation = sum(len(page["CertificateSummaryList"]) for page in dead)
        arguments = {
            "DomainName": spec["domain"],
            "SubjectAlternativeNames": [spec["domain"], *spec["names"]],
            "ValidationMethod": "DNS",
            "Tags": pairs(spec["tags"]),
        }
        token = aws.scope.token(want.address, arguments, generation).replace("-", "")
        arn = acm.request_certificate(**arguments, IdempotencyToken=token)["CertificateArn"]
        facts = {"id": arn, "arn": arn, "domain": spec["domain"]}
        return have_for(want, facts, settled=False, status="PENDING_VALIDATION")

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        put, drop = tag_edits(changes)
        acm, arn = aws.client("acm"), have.facts["arn"]
        if put:
            acm.add_tags_to_certificate(CertificateArn=arn, Tags=pairs(put))
        if drop:
            acm.remove_tags_from_certificate(
                CertificateArn=arn, Tags=[{"Key": key} for key in drop]
            )
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("acm").delete_certificate(CertificateArn=have.facts["arn"])


def _facts(item: certificates.Certificate) -> Mapping[str, Any]:
    facts = {"id": item.arn, "arn": item.arn, "domain": item.domain}
    for name, (record, value) in item.records.items():
        facts[f"validation_name:{name}"] = record
        facts[f"validation_value:{name}"] = value
    if item.domain in item.records:
        facts["validation_name"], facts["validation_value"] = item.records[item.domain]
    return facts
