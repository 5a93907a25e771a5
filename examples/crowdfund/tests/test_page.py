# SPDX-License-Identifier: GPL-3.0-or-later
"""What a visitor sees."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

PLEDGE = {"amount_cents": 125_050, "email": "ada@example.com", "name": "Ada"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def pledge(client: FlaskClient, key: str = "key-number-1", **other: object) -> None:
    """Make one."""
    answer = client.post("/pledges", json={**PLEDGE, **other}, headers={"Idempotency-Key": key})
    assert answer.status_code == 201


def test_the_page_shows_the_campaign_and_a_form(client: FlaskClient) -> None:
    page = client.get("/", headers=BROWSER)
    assert page.status_code == 200 and page.mimetype == "text/html"
    assert "<h1>Relight the lighthouse on Gull Point</h1>" in page.text
    assert '<form method="post" action="/pledges">' in page.text
    assert "$50,000" in page.text and page.text.count("<p>") >= 3


def test_the_page_shows_what_was_pledged(client: FlaskClient) -> None:
    pledge(client, "key-number-1")
    pledge(client, "key-number-2", amount_cents=100, email="bob@example.com")
    page = client.get("/").text
    assert '<strong id="total">$1,251.50</strong>' in page
    assert re.search(r'<b id="backers">2</b>', page)
    assert '<progress id="bar" max="5000000" value="125150"' in page


def test_the_total_is_whole_cents(client: FlaskClient) -> None:
    pledge(client)
    assert client.get("/total").json == {
        "total_cents": 125_050,
        "backers": 1,
        "goal_cents": 5_000_000,
        "percent": 2,
        "currency": "USD",
    }


def test_the_page_is_the_same_for_everybody_and_sets_no_cookie(client: FlaskClient) -> None:
    first, second = client.get("/"), client.get("/")
    assert first.data == second.data
    assert "Set-Cookie" not in first.headers and "Cookie" not in first.headers.get("Vary", "")


def test_only_the_page_and_the_total_may_be_cached(client: FlaskClient) -> None:
    pledge(client)
    for path in ("/", "/total"):
        assert client.get(path).headers["Cache-Control"] == "public, max-age=1"
    for path in ("/live", "/ready", "/nothing", "/pledges/0"):
        assert client.get(path).headers["Cache-Control"] == "no-store"
    assert client.post("/pledges").headers["Cache-Control"] == "no-store"


def test_what_the_page_loads_is_there(client: FlaskClient) -> None:
    links = re.findall(r'(?:src|href)="([^"]+)"', client.get("/").text)
    assert len(links) == 4
    for link in links:
        assert client.get(link).status_code == 200


def test_an_error_is_a_page_for_people_and_a_problem_for_programs(client: FlaskClient) -> None:
    assert client.get("/nothing", headers=BROWSER).mimetype == "text/html"
    answer = client.get("/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert client.delete("/pledges").headers["Allow"]
