# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules, actions and certificates of the API are read as what they mean."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from moto.acm.models import AWS_ROOT_CA, CertBundle

from sandbox.balancers.wanted import Condition, Fixed, Forward, Redirect
from sandbox.ground.authority import Authority
from sandbox.shims._acm_proof import sign
from sandbox.shims._elbv2_balancers import action_of, certificate_of, condition_of, rule_of
from sandbox.shims.elbv2_listeners import in_full

GROUPS = {"arn:web": SimpleNamespace(name="web"), "arn:new": SimpleNamespace(name="new")}
BACKEND: Any = SimpleNamespace(target_groups=GROUPS)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (
            {"Field": "path-pattern", "Values": ["/a", "/b"]},
            Condition("path-pattern", (("/a",), ("/b",))),
        ),
        (
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.org"]}},
            Condition("host-header", (("*.example.org",),)),
        ),
        (
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["1"]},
            },
            Condition("http-header", (("1",),), "X-A"),
        ),
        (
            {
                "Field": "query-string",
                "QueryStringConfig": {"Values": [{"Key": "a", "Value": "1"}, {"Value": "2"}]},
            },
            Condition("query-string", (("a", "1"), ("", "2"))),
        ),
    ],
)
def test_a_condition_is_read_in_either_of_its_forms(said: Any, meant: Condition) -> None:
    assert condition_of(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"Type": "forward", "TargetGroupArn": "arn:web"}, Forward((("web", 1),))),
        (
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": "arn:web", "Weight": 3},
                        {"TargetGroupArn": "arn:new", "Weight": 0},
                        {"TargetGroupArn": "arn:gone", "Weight": 9},
                    ],
                    "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
                },
            },
            Forward((("web", 3), ("new", 0)), 60),
        ),
        (
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Port": "8443"}},
            Redirect(302, "#{protocol}", "#{host}", "8443", "/#{path}", "#{query}"),
        ),
        (
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "410"}},
            Fixed(410, "text/plain", ""),
        ),
    ],
)
def test_an_action_is_read_with_what_was_left_out(said: Any, meant: Any) -> None:
    assert action_of(BACKEND, [in_full(said)]) == meant


def test_a_rule_that_asks_who_is_there_lets_nobody_in() -> None:
    ask = {"Type": "authenticate-oidc", "Order": 1}
    forward = in_full({"Type": "forward", "TargetGroupArn": "arn:web", "Order": 2})
    assert action_of(BACKEND, [forward, ask]) == Fixed(561, "text/plain", "")


def test_a_priority_is_a_number_and_the_default_rule_has_none() -> None:
    action = SimpleNamespace(data=in_full({"Type": "forward", "TargetGroupArn": "arn:web"}))
    found = [
        rule_of(
            BACKEND,
            SimpleNamespace(is_default=last, priority=order, conditions=[], actions=[action]),
        ).priority
        for last, order in ((False, "7"), (True, "default"))
    ]
    assert found == [7, None]


def backend_with(certificate: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    known = SimpleNamespace(_certificates={certificate.arn: certificate})
    monkeypatch.setattr("sandbox.shims._elbv2_balancers.acm_backends", {"1": {"eu-west-1": known}})
    return SimpleNamespace(account_id="1", region_name="eu-west-1", partition="aws")


def test_an_imported_certificate_is_served_with_its_chain_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = Authority("mine")
    certificate, key = authority.issue("a.example", ["a.example"])
    bundle: Any = CertBundle("1", certificate, key, authority.certificate, "eu-west-1")
    assert AWS_ROOT_CA in bundle.chain, "the emulator adds it"
    found = certificate_of(backend_with(bundle, monkeypatch), bundle.arn)
    assert found is not None
    assert found.pem == (certificate + authority.certificate + key).decode()


def test_what_acm_issues_is_signed_by_the_authority_of_the_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = Authority("sandbox")
    bundle: Any = CertBundle.generate_cert("a.example", "1", "eu-west-1", ["b.example"])
    sign(bundle, authority)
    found = certificate_of(backend_with(bundle, monkeypatch), bundle.arn)
    assert found is not None
    assert found.pem.encode() == bundle.cert + authority.certificate + bundle.key
    assert bundle.issuer_common_name == "Amazon", "the API tells what AWS tells"
    assert sorted(bundle.sans) == ["a.example", "b.example"]
