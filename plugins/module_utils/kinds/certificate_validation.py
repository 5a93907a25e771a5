# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proof of a certificate: nothing is made, ACM is watched until it has seen the records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from ..aws.view import View
from ..engine.model import Have, Want
from . import certificates
from .observed import Observed

PENDING = "PENDING_VALIDATION"
# ACM waits for days and never says what for: a zone that nobody delegated is not seen by it.
DELEGATED = " (does the domain's registrar name this zone's name servers?)"


class CertificateValidation(Observed):
    """spec: domain, names as those of the certificate. facts: id, arn, domain. Settled: issued."""

    name: ClassVar[str] = "certificate_validation"
    services: ClassVar[tuple[str, ...]] = ("acm", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in wants:
            item = certificates.chosen(view, want.spec)
            if item:
                spec = {"domain": item.domain, "names": item.names}
                facts = {"id": item.arn, "arn": item.arn, "domain": item.domain}
                settled = item.status == certificates.ISSUED
                status = item.status + (DELEGATED if item.status == PENDING else "")
                yield Have(self.name, want.id, spec, facts, settled, status)
