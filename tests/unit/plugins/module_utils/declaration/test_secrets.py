# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a declaration may be shown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.secrets import (
    HIDDEN,
    SECRET_VALUE,
    SECRETIVE,
    presentable,
)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_password",
        "DB_PASSWD",
        "passphrase",
        "admin_pwd",
        "client_secret",
        "session_token",
        "api_key",
        "API-Key",
        "apikey",
        "private_key",
        "secret_key",
        "credentials",
    ],
)
def test_a_name_that_promises_a_secret_is_known(name: str) -> None:
    assert SECRETIVE.search(name)


@pytest.mark.parametrize(
    "name", ["password_encryption", "key", "kms_key", "secret_name", "tokens_per_page", "team"]
)
def test_a_name_that_only_speaks_of_secrets_is_none(name: str) -> None:
    assert not SECRETIVE.search(name)


@pytest.mark.parametrize(
    "text",
    [
        "key AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----",
        "postgres://shop:hunter2@host/db",
        "redis://:hunter2@host",
        "host=x password=hunter2",
        "export DB_PASSWORD='hunter2'",
        "password: hunter2",
    ],
)
def test_a_text_that_holds_a_secret_is_known(text: str) -> None:
    assert SECRET_VALUE.search(text)
    assert presentable({"x": [text]}) == {"x": [HIDDEN]}


@pytest.mark.parametrize(
    "text",
    [
        "postgres://host/db",
        "https://example.org/path@x",
        'PASSWORD="$(aws secretsmanager get-secret-value)"',
        "PASSWORD=${PASSWORD}",
        "password: {{ vaulted }}",
        "lock_passwd: true",
        "chpasswd: {expire: false}",
        "password = arn:aws:secretsmanager:x",
        "password:\n  file: /x",
        "passwordless sudo",
    ],
)
def test_a_text_that_only_leads_to_a_secret_is_none(text: str) -> None:
    assert not SECRET_VALUE.search(text)


SHOWN: list[tuple[Any, Any]] = [
    ({"db_password": "hunter2", "x": 1}, {"db_password": HIDDEN, "x": 1}),
    ({"token": ["hunter2"]}, {"token": HIDDEN}),
    ({"password": None}, {"password": None}),
    (("a", 1.5, True), ["a", 1.5, True]),
    ("x" * 10**6, "x" * 200 + "…"),
    (list(range(100)), list(range(20))),
    (10**5000, "a number of 16610 bits"),
    (b"x", "b'x'"),
    ({5: {None: "x"}}, {"5": {"None": "x"}}),
]


@pytest.mark.parametrize(("value", "shown"), SHOWN, ids=[str(n) for n in range(len(SHOWN))])
def test_a_value_is_shown_without_secrets_and_cut_short(value: Any, shown: Any) -> None:
    assert presentable(value) == shown


def test_a_value_that_contains_itself_is_shown_to_a_depth() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert presentable(endless) == [[[[["…"]]]]]


def test_the_name_of_a_value_hides_it() -> None:
    assert presentable("hunter2", "password") == HIDDEN
