# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: asked for once, and made anew beside the old one where names change."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.certificate import (
    Certificate,
)

NAMES = ("*.api.example.org", "api.example.org")


@pytest.fixture
def want(scope: Scope) -> Want:
    spec = {
        "domain": "www.example.org",
        "names": NAMES,
        "tags": scope.marks("certificate", "main"),
    }
    return Want("certificate", "main", spec)


def test_a_new_certificate_tells_the_record_that_proves_each_name(life: Any, want: Want) -> None:
    have = life(Certificate()).make(want)
    assert life(Certificate()).differences(want) == {}
    assert have.settled
    assert have.facts["validation_name"].endswith(".www.example.org")
    assert have.facts["validation_value"].endswith(".acm-validations.aws")
    assert have.facts["validation_name:api.example.org"].endswith(".api.example.org")


def test_asked_for_twice_it_is_made_once(life: Any, aws: Aws, want: Want) -> None:
    arns = {Certificate().create(aws, want).facts["arn"] for _ in range(2)}
    assert len(arns) == 1


def test_a_certificate_for_other_names_makes_way_for_a_new_one(
    life: Any, view: Any, aws: Aws, want: Want
) -> None:
    old = life(Certificate()).make(want).facts["arn"]
    other = life(Certificate()).another(want, names=())
    assert life(Certificate()).find(other) is None
    new = life(Certificate()).make(other).facts["arn"]
    found = {have.facts["arn"]: have.id for have in Certificate().find(view(), [other])}
    assert found[new] == "main"
    assert found[old].startswith("main-")


def test_who_looks_it_up_need_not_know_the_domain(life: Any, want: Want) -> None:
    made = life(Certificate()).make(want)
    guess = {**want.spec, "domain": "else.example.com"}
    have = life(Certificate()).find(Want("certificate", "main", guess, given=True))
    assert have and have.facts == made.facts


def test_a_certificate_of_somebody_else_is_not_ours(life: Any, aws: Aws, want: Want) -> None:
    aws.client("acm").request_certificate(
        DomainName="www.example.org",
        SubjectAlternativeNames=["www.example.org", *NAMES],
        ValidationMethod="DNS",
    )
    assert life(Certificate()).find(want) is None


def test_a_changed_tag_is_seen_and_put_right(life: Any, aws: Aws, want: Want) -> None:
    arn = life(Certificate()).make(want).facts["arn"]
    aws.client("acm").add_tags_to_certificate(
        CertificateArn=arn, Tags=[{"Key": "team", "Value": "else"}]
    )
    assert life(Certificate()).differences(want) == {"tags.team": ("else", "shop")}
    life(Certificate()).repair(want)
    assert life(Certificate()).differences(want) == {}


def test_a_deleted_certificate_is_gone(life: Any, want: Want) -> None:
    life(Certificate()).make(want)
    life(Certificate()).remove(want)
    assert life(Certificate()).find(want) is None
