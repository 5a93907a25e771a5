# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a certificate is awaited, and nothing is made for it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds import (
    certificate_validation,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.certificate import (
    Certificate,
)

KIND = certificate_validation.CertificateValidation()
NAMES = ("*.api.example.org", "api.example.org")


@pytest.fixture
def want(scope: Scope) -> Want:
    spec = {
        "domain": "www.example.org",
        "names": NAMES,
        "tags": scope.marks("certificate", "main"),
    }
    return Want("certificate", "main", spec)


@pytest.fixture
def proof(want: Want) -> Want:
    spec = {"domain": want.spec["domain"], "names": want.spec["names"]}
    return Want("certificate_validation", "main", spec, given=True)


def test_there_is_none_without_a_certificate(life: Any, proof: Want) -> None:
    assert life(KIND).find(proof) is None


def test_it_is_settled_once_the_certificate_is_issued(
    life: Any, want: Want, proof: Want, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = life(Certificate()).make(want).facts["arn"]
    have = life(KIND).find(proof)
    assert not have.settled
    assert have.status.startswith("PENDING_VALIDATION")
    assert "name servers?" in have.status
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", -1)
    have = life(KIND).find(proof)
    assert (have.settled, have.status, have.facts["arn"]) == (True, "ISSUED", arn)


def test_to_make_one_is_a_mistake(aws: Aws, proof: Want) -> None:
    with pytest.raises(TypeError, match="only read"):
        KIND.create(aws, proof)
