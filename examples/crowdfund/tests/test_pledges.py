# SPDX-License-Identifier: GPL-3.0-or-later
"""A pledge is checked, and kept exactly once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.test_page import BROWSER, PLEDGE

KEY = {"Idempotency-Key": "0d9f3c52-7f0e"}


def backers(client: FlaskClient) -> int:
    """How many pledges are kept."""
    total = client.get("/total").json
    assert total is not None
    return int(total["backers"])


def test_a_pledge_is_answered_with_what_is_kept(client: FlaskClient) -> None:
    answer = client.post("/pledges", json=PLEDGE, headers=KEY)
    assert answer.status_code == 201 and answer.json is not None
    kept = client.get(answer.headers["Location"])
    assert kept.json == answer.json
    assert answer.json["amount_cents"] == 125_050 and answer.json["currency"] == "USD"


def test_an_address_is_shown_to_nobody(client: FlaskClient) -> None:
    answer = client.post("/pledges", json=PLEDGE, headers=KEY)
    page = client.get(answer.headers["Location"], headers=BROWSER)
    assert page.status_code == 200 and "Thank you, Ada!" in page.text
    for shown in (answer.text, page.text, client.get(answer.headers["Location"]).text):
        assert "ada@example.com" not in shown


def test_the_same_key_again_gets_the_same_pledge(client: FlaskClient) -> None:
    first = client.post("/pledges", json=PLEDGE, headers=KEY)
    again = client.post("/pledges", json=PLEDGE, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json and backers(client) == 1


@pytest.mark.parametrize("other", [{"amount_cents": 100}, {"email": "b@example.com"}, {"name": ""}])
def test_the_same_key_with_other_content_is_refused(
    client: FlaskClient, other: dict[str, object]
) -> None:
    client.post("/pledges", json=PLEDGE, headers=KEY)
    assert client.post("/pledges", json={**PLEDGE, **other}, headers=KEY).status_code == 422
    assert backers(client) == 1


def test_a_pledge_needs_no_name(client: FlaskClient) -> None:
    answer = client.post("/pledges", json={**PLEDGE, "name": None}, headers=KEY)
    assert answer.status_code == 201 and answer.json is not None and answer.json["name"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount_cents", None),
        ("amount_cents", 0),
        ("amount_cents", -2500),
        ("amount_cents", 99),
        ("amount_cents", 1_000_001),
        ("amount_cents", 10**30),
        ("amount_cents", 2500.0),
        ("amount_cents", "2500"),
        ("amount_cents", True),
        ("amount_cents", [2500]),
        ("email", None),
        ("email", "ada"),
        ("email", "ada@localhost"),
        ("email", "a@b.c\r\nBcc: x@y.z"),
        ("email", "ada@" + "x" * 250 + ".com"),
        ("email", 5),
        ("name", "x" * 81),
        ("name", "nul\0"),
        ("name", "half \ud800"),
        ("name", {"first": "Ada"}),
    ],
)
def test_a_wrong_field_is_named(client: FlaskClient, field: str, value: object) -> None:
    answer = client.post("/pledges", json={**PLEDGE, field: value}, headers=KEY)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json is not None and list(answer.json["errors"]) == [field]
    assert backers(client) == 0


def test_all_wrong_fields_are_named_at_once(client: FlaskClient) -> None:
    answer = client.post("/pledges", json={"name": 1}, headers={"Idempotency-Key": "short"})
    assert answer.json is not None
    assert set(answer.json["errors"]) == {"idempotency_key", "amount_cents", "email", "name"}
    assert all("example" in text or "left out" in text for text in answer.json["errors"].values())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"1" * 5000])
def test_a_body_that_is_no_json_object_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/pledges", data=body, headers=KEY, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post("/pledges", json={**PLEDGE, "x": "x" * 20_000}, headers=KEY)
    assert answer.status_code == 413


def test_a_form_is_a_pledge_too(client: FlaskClient) -> None:
    form = {
        "amount": "25.5",
        "email": "ada@example.com",
        "name": "",
        "idempotency_key": str(uuid4()),
    }
    answer = client.post("/pledges", data=form)
    assert answer.status_code == 201 and answer.json is not None
    assert answer.json["amount_cents"] == 2550 and answer.json["name"] is None


def test_a_browser_is_led_to_a_page_and_back_without_pledging_again(client: FlaskClient) -> None:
    form = {"amount": "25", "email": "ada@example.com", "idempotency_key": str(uuid4())}
    places = {client.post("/pledges", data=form, headers=BROWSER).headers["Location"] for _ in "ab"}
    assert len(places) == 1 and backers(client) == 1
    page = client.get(places.pop(), headers=BROWSER)
    assert "$25" in page.text and page.headers["Cache-Control"] == "no-store"


def test_a_browser_without_scripts_pledges_by_a_second_click(client: FlaskClient) -> None:
    form = {"amount": "25", "email": "ada@example.com", "name": "<Ada>", "idempotency_key": ""}
    page = client.post("/pledges", data=form, headers=BROWSER)
    assert page.status_code == 400 and "Please confirm your pledge" in page.text
    assert 'value="&lt;Ada&gt;"' in page.text and backers(client) == 0
    key = page.text.partition('name="idempotency_key" value="')[2].partition('"')[0]
    answer = client.post("/pledges", data={**form, "idempotency_key": key}, headers=BROWSER)
    assert answer.status_code == 303 and backers(client) == 1


def test_a_form_with_a_mistake_comes_back_as_it_was(client: FlaskClient) -> None:
    key = str(uuid4())
    form = {"amount": "a lot", "email": "ada@example.com", "idempotency_key": key}
    page = client.post("/pledges", data=form, headers=BROWSER)
    assert page.status_code == 400 and key in page.text and 'value="a lot"' in page.text
    assert "Please write an amount" in page.text


@pytest.mark.parametrize("name", ["0", str(uuid4()), "'; drop table pledges"])
def test_an_unknown_pledge_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/pledges/{name}").status_code == 404
