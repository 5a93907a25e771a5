# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries and files of access logs are as AWS writes them."""

from __future__ import annotations

import gzip
import json
import shlex
from datetime import UTC, datetime

import pytest

from sandbox.balancers.access_log import FIELDS, entry
from sandbox.balancers.delivery import content, key_of
from tests.sandbox.balancers import samples

GROUPS = {"web": "arn:web"}
REQUEST = {
    "created": "1700000000",
    "created_us": "1234",
    "ended": "1700000001",
    "ended_us": "500",
    "client": "192.0.2.7",
    "client_port": "40000",
    "target": "10.0.2.1",
    "target_port": "8080",
    "queued": "0",
    "connected": "2",
    "responded": "1500",
    "status": "200",
    "target_status": "200",
    "received": "120",
    "sent": "3000",
    "end": "--",
    "method": "GET",
    "host": "www.example.org:8443",
    "uri": "/a?b",
    "version": "HTTP/1.1",
    "agent": 'curl "8"',
    "trace": "Root=1-a-b",
    "rule": "5",
    "group": "web",
    "connection": "0a-1b",
    "scheme": "http",
    "port": "8443",
}


def line(**other: str) -> str:
    """What HAProxy would write of a request."""
    told = {**REQUEST, **other}
    return json.dumps([told.get(name, "-") for name in FIELDS])


def fields(text: str) -> list[str]:
    return shlex.split(entry(text, "app/main/1", GROUPS, {}).replace("\\", "\\\\"))


def test_an_entry_has_the_fields_of_aws_in_their_order() -> None:
    assert fields(line()) == [
        "http",
        "2023-11-14T22:13:21.000500Z",
        "app/main/1",
        "192.0.2.7:40000",
        "10.0.2.1:8080",
        "0.002",
        "1.500",
        "0.000",
        "200",
        "200",
        "120",
        "3000",
        "GET http://www.example.org:8443/a?b HTTP/1.1",
        r"curl \x228\x22",
        "-",
        "-",
        "arn:web",
        "Root=1-a-b",
        "-",
        "-",
        "5",
        "2023-11-14T22:13:20.001234Z",
        "forward",
        "-",
        "-",
        "10.0.2.1:8080",
        "200",
        "-",
        "-",
        "TID_0a1b",
    ]


def test_a_request_that_no_target_answered_says_so() -> None:
    found = fields(line(target="-", target_port="-", target_status="-", status="502"))
    assert found[4:8] == ["-", "-1", "-1", "-1"]
    assert found[8:10] == ["502", "-"]


def test_a_client_that_went_away_is_told_as_460() -> None:
    assert fields(line(target_status="-", status="-1", end="CH"))[8] == "460"


def test_a_request_over_tls_names_its_certificate() -> None:
    told = line(
        scheme="https", cipher="C", tls="TLSv1.3", certificate="AB12", name="www.example.org"
    )
    text = entry(told, "app/main/1", GROUPS, {"ab12": "arn:certificate"})
    found = shlex.split(text.replace("\\", "\\\\"))
    assert [found[0], *found[14:16]] == ["https", "C", "TLSv1.3"]
    assert found[18:20] == ["www.example.org", "arn:certificate"]


def test_what_is_no_line_of_a_request_is_refused() -> None:
    with pytest.raises(ValueError, match="no line of a request"):
        entry('["a"]', "app/main/1", {}, {})


def test_a_file_is_put_where_aws_puts_it() -> None:
    balancer = samples.balancer(attributes={"access_logs.s3.prefix": "mine"})
    at = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    folder, _, file = key_of(balancer, "10.0.0.5", at).rpartition("/")
    assert folder == "mine/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/03/04"
    begin = "123456789012_elasticloadbalancing_eu-west-1_app.main.50dc6c495c0c9188_"
    assert file.startswith(f"{begin}20260304T0506Z_10.0.0.5_")
    assert file.endswith(".log.gz")


def test_a_file_holds_what_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    balancer = samples.balancer()
    text = gzip.decompress(content(balancer, [line(), "nonsense", line()])).decode()
    assert len(text.splitlines()) == 2
    assert "access log of main" in capsys.readouterr().err
