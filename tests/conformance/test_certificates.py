# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that are proved by DNS."""

from __future__ import annotations

from typing import Any

import pytest

from .account import Account, refused, tags

ASKED = {
    "DomainName": "app.example.test",
    "ValidationMethod": "DNS",
    "IdempotencyToken": "token1",
}


@pytest.fixture
def acm(account: Account) -> Any:
    return account.client("acm")


@pytest.fixture
def certificate(acm: Any) -> dict[str, str]:
    return {"CertificateArn": acm.request_certificate(**ASKED)["CertificateArn"]}


def told(acm: Any, certificate: dict[str, str]) -> dict[str, Any]:
    return dict(acm.describe_certificate(**certificate)["Certificate"])


def test_a_token_stands_for_one_certificate(acm: Any, certificate: dict[str, str]) -> None:
    assert acm.request_certificate(**ASKED)["CertificateArn"] == certificate["CertificateArn"]
    found = acm.list_certificates(CertificateStatuses=["PENDING_VALIDATION"])
    assert len(found["CertificateSummaryList"]) == 1


def test_a_certificate_waits_for_its_record_and_is_issued_when_that_is_there(
    account: Account, acm: Any, certificate: dict[str, str]
) -> None:
    waiting = told(acm, certificate)
    assert waiting["Status"] == "PENDING_VALIDATION"
    record = waiting["DomainValidationOptions"][0]["ResourceRecord"]
    dns = account.client("route53")
    zone = dns.create_hosted_zone(Name="example.test.", CallerReference="z")["HostedZone"]["Id"]
    proof = {
        "Name": record["Name"],
        "Type": record["Type"],
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    changes = [{"Action": "UPSERT", "ResourceRecordSet": proof}]
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    assert told(acm, certificate)["Status"] == "ISSUED"


def test_tags_of_a_certificate_are_added_removed_and_listed(
    acm: Any, certificate: dict[str, str]
) -> None:
    acm.add_tags_to_certificate(**certificate, Tags=tags(site="home", own="me"))
    acm.remove_tags_from_certificate(**certificate, Tags=[{"Key": "own"}])
    assert acm.list_tags_for_certificate(**certificate)["Tags"] == tags(site="home")


def test_a_deleted_certificate_is_gone(acm: Any, certificate: dict[str, str]) -> None:
    acm.delete_certificate(**certificate)
    gone = refused(acm.describe_certificate, **certificate)
    assert gone == "ResourceNotFoundException"
