# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API says of a load balancer becomes a configuration that HAProxy takes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.balancers import health
from sandbox.balancers.conditions import conditions
from sandbox.balancers.settings import MAIN, STATES, render, servers
from sandbox.balancers.wanted import Certificate, Condition, Fixed, Forward, Redirect
from sandbox.balancers.words import regex, word
from sandbox.ground import able
from sandbox.ground.authority import Authority
from sandbox.ground.commands import run
from tests.sandbox.balancers import samples

HERE, THERE = samples.HERE, samples.THERE


def text(balancer: Any, speed: float = 1.0, node: Any = HERE) -> str:
    return render(balancer, node, speed).files[MAIN].decode()


def everything() -> Any:
    """A load balancer that uses all that can be said of one."""
    authority = Authority("test")
    certificate, key = authority.issue("www.example.org", ["www.example.org"])
    pem = Certificate("arn:certificate", (certificate + key).decode())
    odd = "a b\"'$%\\#{}\n\0é"
    plain = samples.listener(
        samples.rule(
            1,
            Redirect(301, "#{protocol}", "new.#{host}", "#{port}", "/#{path}", "#{query}&a=%[x]"),
            Condition("path-pattern", ((odd,), ("/x*?",))),
            Condition("host-header", (("*.example.org",),)),
        ),
        samples.rule(
            2,
            Fixed(404, "text/plain", odd),
            Condition("http-header", ((odd,),), "User-Agent"),
            Condition("query-string", (("version", "v?"), ("", "*ex\\*"))),
        ),
        samples.rule(
            30,
            Forward((("web", 3), ("other", 1)), 600),
            Condition("source-ip", (("10.0.0.0/8",), ("2001:db8::/32",))),
            Condition("http-request-method", (("GET",), ("POST",))),
        ),
        samples.default(),
    )
    secure = samples.listener(
        samples.default(), port=443, protocol="HTTPS", certificates=(pem, pem)
    )
    web = samples.group(
        "web", samples.target(1), samples.target(2, THERE), stickiness__enabled="true"
    )
    other = samples.group(
        "other",
        samples.target(3),
        slow_start__duration_seconds="30",
        stickiness__enabled="true",
        stickiness__type="app_cookie",
        stickiness__app_cookie__cookie_name="session",
    )
    tls = replace(
        samples.group("tls", samples.target(4)),
        protocol="HTTPS",
        version="HTTP2",
        check=replace(samples.CHECK, port=9000, protocol="HTTP"),
    )
    return samples.balancer(
        plain,
        secure,
        groups=(web, other, tls),
        attributes={
            "access_logs.s3.enabled": "true",
            "routing.http2.enabled": "true",
            "routing.http.drop_invalid_header_fields.enabled": "true",
            "routing.http.xff_client_port.enabled": "true",
            "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true",
        },
    )


@pytest.mark.skipif(able.find("haproxy") is None, reason="HAProxy is not installed")
@pytest.mark.parametrize("speed", [0.0, 1.0, 60.0])
def test_haproxy_takes_whatever_can_be_said(tmp_path: Path, speed: float) -> None:
    balancer = everything()
    found = render(balancer, HERE, speed)
    for name, content in found.files.items():
        (tmp_path / name).write_bytes(content)
    wanted = {f"tg-{g.name}": (g, servers(balancer, g, HERE)) for g in balancer.groups}
    (tmp_path / STATES).write_text(health.states("", wanted))
    run(str(able.find("haproxy")), "-c", "-f", str(tmp_path / MAIN))


@pytest.mark.skipif(able.find("haproxy") is None, reason="HAProxy is not installed")
def test_haproxy_takes_a_load_balancer_of_which_nothing_is_said(tmp_path: Path) -> None:
    for name, content in render(samples.balancer(), HERE, 1.0).files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / STATES).write_text(health.states("", {}))
    run(str(able.find("haproxy")), "-c", "-f", str(tmp_path / MAIN))


def test_rules_are_tried_in_their_order_and_the_default_one_last() -> None:
    fixed = Fixed(200, "text/plain", "x")
    listener = samples.listener(
        samples.rule(2, fixed, Condition("path-pattern", (("/a",),))),
        samples.rule(10, fixed, Condition("path-pattern", (("/b",),))),
        samples.default(),
    )
    tried = re.findall(
        r"set-var\(txn.rule\) int\((\d+)\) if !\{ var\(txn.rule\)",
        text(samples.balancer(listener, groups=(samples.group(),))),
    )
    assert tried == ["2", "10", "0"]


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("/img/*", "/img/a/b.png", "/imga"),
        ("/a?c", "/abc", "/ac"),
        ("*.example.org", "www.example.org", "wwwXexample.org"),
        ("(a|b)[c]{1}^$+\\", "(a|b)[c]{1}^$+\\", "a"),
        ("", "", "x"),
    ],
)
def test_wildcards_stand_for_any_text_and_for_one_character(
    pattern: str, fits: str, does_not: str
) -> None:
    assert re.fullmatch(regex(pattern), fits)
    assert not re.fullmatch(regex(pattern), does_not)


@pytest.mark.parametrize(
    ("key", "value", "query", "fits"),
    [
        ("v", "1*", "a=b&v=12", True),
        ("v", "1*", "a=b&w=12", False),
        ("v", "1*", "v=2&w=1", False),
        ("", "*x*", "a=exe", True),
        ("", "y", "a=y", True),
        ("", "y", "y", True),
        ("", "y", "y=z", False),
        ("a", "\\*", "a=*", True),
        ("a", "\\*", "a=b", False),
    ],
)
def test_a_part_of_the_query_is_compared_by_key_and_value(
    key: str, value: str, query: str, fits: bool
) -> None:
    line = conditions([Condition("query-string", ((key, value),))])
    (pattern,) = re.findall(r'-i "(.*)" \}', line)
    pattern = pattern.replace("\\\\", "\\").replace("\\$", "$")
    assert bool(re.search(pattern, query)) is fits


def test_conditions_hold_together_and_their_values_one_by_one() -> None:
    line = conditions(
        [
            Condition("path-pattern", (("/a",), ("/b",))),
            Condition("source-ip", (("10.0.0.0/8",), ("192.0.2.1/32",))),
        ]
    )
    assert line == r'{ path -m reg "^/a\$" "^/b\$" } { src 10.0.0.0/8 192.0.2.1/32 }'


def test_names_are_compared_without_case_and_paths_with_it() -> None:
    assert "-i" in conditions([Condition("host-header", (("a.example",),))])
    assert "-i" not in conditions([Condition("path-pattern", (("/a",),))])
    assert "-i" not in conditions([Condition("http-request-method", (("GET",),))])


def test_no_text_of_a_user_ends_the_word_that_it_is_in() -> None:
    assert word('a"\n b$\\') == r'"a\"\x0a b\$\\"'


def test_checks_come_as_often_as_time_passes_but_not_more_often_than_each_second() -> None:
    balancer = samples.balancer(
        samples.listener(samples.default()), groups=(samples.group("web", samples.target(1)),)
    )
    assert "inter 10000ms" in text(balancer, 1.0)
    assert "inter 2000ms" in text(balancer, 5.0)
    assert "inter 1000ms" in text(balancer, 60.0)
    assert "inter 1000ms" in text(balancer, 0.0)


def test_a_target_that_is_to_fail_is_checked_where_nothing_answers() -> None:
    broken = replace(samples.target(1), fails=True)
    group = samples.group("web", broken, samples.target(2))
    found = text(samples.balancer(samples.listener(samples.default()), groups=(group,)))
    lines = [line for line in found.splitlines() if " check" in line and "server i-" in line]
    assert ["addr 127.0.0.1 port 1 " in line for line in lines] == [True, False]


def test_a_group_across_zones_has_all_targets_and_another_those_of_the_node() -> None:
    both = (samples.target(1), samples.target(2, THERE))
    listener = samples.listener(samples.default())
    across = samples.group("web", *both)
    within = samples.group("web", *both, load_balancing__cross_zone__enabled="false")
    for group, expected in ((across, {"i-1", "i-2"}), (within, {"i-2"})):
        balancer = samples.balancer(listener, groups=(group,))
        assert {t.id for t in servers(balancer, group, THERE)} == expected


def test_a_target_outside_of_the_zones_of_the_load_balancer_gets_nothing() -> None:
    far = replace(samples.target(1), zone="eu-west-1c")
    group = samples.group("web", far)
    balancer = samples.balancer(samples.listener(samples.default()), groups=(group,))
    assert servers(balancer, group, HERE) == ()


@pytest.mark.parametrize(
    ("policy", "versions"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ssl-min-ver TLSv1.2"),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", "ssl-min-ver TLSv1.3"),
        ("ELBSecurityPolicy-2016-08", "ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.2"),
        ("ELBSecurityPolicy-FS-1-2-Res-2020-10", "ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2"),
        ("ELBSecurityPolicy-TLS-1-1-2017-01", "ssl-min-ver TLSv1.1 ssl-max-ver TLSv1.2"),
    ],
)
def test_a_security_policy_says_which_versions_are_spoken(policy: str, versions: str) -> None:
    certificate = Certificate("arn", "pem")
    listener = replace(
        samples.listener(samples.default(), protocol="HTTPS", certificates=(certificate,)),
        policy=policy,
    )
    found = text(samples.balancer(listener, groups=(samples.group(),)))
    (line,) = re.findall(r"bind 10.0.0.5:80 .*", found)
    assert line.endswith(versions)
