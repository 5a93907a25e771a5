# SPDX-License-Identifier: GPL-3.0-or-later
"""A report is signed by the key of the site, and no signature fits another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import signature
from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.evidence import (
    broken,
    sealed,
    signer,
)
from moto import mock_aws

SCOPE = Scope("production", "home", "us-east-1", "123456789012")
COPY = Scope(
    *("staging-a", "staging", "us-east-1", "123456789012"),
    copy_of={"environment": "production", "site": "home"},
)
FACTS = {"id": "20261128T101500Z-drill-3f2a", "outcome": "failed"}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        found = Aws(SCOPE, Connection(access_key="x", secret_key="x"))
        kms = found.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/phoenix-production-home", TargetKeyId=key)
        yield found


@pytest.fixture
def report(aws: Aws) -> dict[str, Any]:
    return signature.signed(aws, sealed(FACTS, ""))


def told(aws: Aws, *reports: dict[str, Any]) -> str:
    found = signature.judged(aws, [list(reports), []])
    return "; ".join(found["forged"] + found["unsigned"])


def test_what_is_signed_tells_by_which_key_and_holds(aws: Aws, report: dict[str, Any]) -> None:
    assert signer(report).startswith("arn:aws:kms:us-east-1:123456789012:key/")
    assert broken([report]) == [] and told(aws, report) == ""


def test_that_of_a_copy_is_signed_by_the_key_of_what_it_is_a_copy_of(aws: Aws) -> None:
    made = signature.signed(aws.at(COPY), sealed(FACTS, ""))
    assert told(aws, made) == told(aws.at(COPY), made) == ""


def test_one_that_was_changed_and_sealed_anew_is_forged(aws: Aws, report: dict[str, Any]) -> None:
    other = {**sealed({**FACTS, "outcome": "succeeded"}, ""), "signature": report["signature"]}
    assert broken([other]) == []
    assert "is not of its seal" in told(aws, other)
    for value in ("bm90aGluZw==", "%"):
        changed = {**report, "signature": {**report["signature"], "value": value}}
        assert "is not of its seal" in told(aws, changed)


def test_no_signature_fits_another_report(aws: Aws, report: dict[str, Any]) -> None:
    twin = {**report, "id": "20261129T101500Z-drill-3f2a"}
    assert "is not of its seal" in told(aws, twin)


def test_one_that_is_not_signed_says_why(aws: Aws, report: dict[str, Any]) -> None:
    aws.client("kms").delete_alias(AliasName="alias/phoenix-production-home")
    made = signature.signed(aws, sealed(FACTS, ""))
    assert made["sha256"] == report["sha256"]
    assert "NotFoundException" in signer(made)
    assert "3f2a is not signed: " in told(aws, made)
    without = {name: value for name, value in made.items() if name != "signature"}
    assert told(aws, without).endswith("3f2a is not signed")


def test_of_a_key_that_may_not_be_used_it_is_not_known(aws: Aws, report: dict[str, Any]) -> None:
    there = aws.at(replace(SCOPE, region="us-west-2"))
    assert "AWS refuses: " in told(there, report)
    assert signature.judged(there, [[report]])["forged"] == []


def test_of_a_chain_the_newest_is_looked_at_which_has_all_before_it_in_its_seal(aws: Aws) -> None:
    first = sealed(FACTS, "")
    assert told(aws, first, signature.signed(aws, sealed(FACTS, first["sha256"]))) == ""
