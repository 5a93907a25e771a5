# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages, and what programs ask."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID, uuid4

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from crowdfund.answers import cached, for_a_browser, problem
from crowdfund.campaign import Campaign, read_campaign, touch_campaign
from crowdfund.database import Database, Unavailable
from crowdfund.pledges import Invalid, KeyReused, Pledge, add_pledge, parse_offer, read_pledge
from crowdfund.release import version
from crowdfund.schema import NotReady, check_schema
from crowdfund.settings import Settings

pages = Blueprint("pages", __name__)


def settings() -> Settings:
    """Of the application that answers."""
    found: Settings = current_app.extensions["settings"]
    return found


def database() -> Database:
    """Of the application that answers."""
    found: Database = current_app.extensions["database"]
    return found


def campaign() -> Campaign:
    """The campaign as it stands now. Raises NotFound, Unavailable."""
    found = database().run(lambda connection: read_campaign(connection, settings().campaign))
    return found or abort(404)


@pages.get("/")
def show_campaign() -> Response:
    """The campaign's page. It is the same for everybody: whatever is not stands elsewhere."""
    page = make_response(render_template("campaign.html", campaign=campaign()))
    return cached(page, settings().cache_seconds)


@pages.get("/total")
def show_total() -> Response:
    """What was raised so far."""
    now = campaign()
    total = {name: getattr(now, name) for name in ("total_cents", "backers", "goal_cents")}
    return cached(
        jsonify(**total, percent=now.percent, currency=now.currency), settings().cache_seconds
    )


@pages.post("/pledges")
def take_pledge() -> Response:
    """Keep a pledge, once for each key."""
    if request.is_json:
        fields = request.get_json()
        if not isinstance(fields, dict):
            return problem(
                400, 'The body must be a JSON object, for example {"amount_cents": 2500}'
            )
    else:
        fields = request.form.to_dict()
    key = request.headers.get("Idempotency-Key") or fields.get("idempotency_key") or ""
    try:
        offer = parse_offer(str(key), fields)
        pledge, new = database().run(
            lambda connection: add_pledge(connection, settings().campaign, offer)
        )
    except Invalid as wrong:
        return refuse_pledge(wrong, fields)
    except KeyReused:
        return problem(422, "This idempotency key belongs to a pledge with another content.")
    except LookupError:
        abort(404)
    where = url_for("pages.show_pledge", pledge_id=pledge.id)
    if for_a_browser():
        answer = make_response(redirect(where, 303))  # going back and forth sends nothing again
    else:
        answer = make_response(jsonify(as_json(pledge)), 201 if new else 200)
        answer.headers["Location"] = where
    return answer


def refuse_pledge(wrong: Invalid, fields: dict[str, object]) -> Response:
    """400: the form again, with what was written and what is wrong; or a problem.

    Without scripts a form comes without a key, for the page that it is on is everybody's. Then
    this is where it gets one, and pledging takes a second click.
    """
    if not for_a_browser():
        return problem(400, "The pledge is not valid.", errors=wrong.errors)
    key = uuid4() if "idempotency_key" in wrong.errors else fields["idempotency_key"]
    shown = {"campaign": campaign(), "key": key, "said": fields, "errors": wrong.errors}
    return make_response(render_template("again.html", **shown), 400)


@pages.get("/pledges/<uuid:pledge_id>")
def show_pledge(pledge_id: UUID) -> Response:
    """One pledge, for who knows its id."""
    pledge = database().run(lambda connection: read_pledge(connection, pledge_id))
    if pledge is None:
        abort(404)
    if for_a_browser():
        return make_response(render_template("pledge.html", pledge=pledge, campaign=campaign()))
    return jsonify(as_json(pledge))


def as_json(pledge: Pledge) -> dict[str, object]:
    """A pledge, its time by RFC 3339."""
    return {**asdict(pledge), "created_at": pledge.created_at.isoformat()}


@pages.get("/live")
def live() -> Response:
    """Whether this process answers; the database is not asked."""
    return jsonify(status="live", version=version())


@pages.get("/ready")
def ready() -> Response:
    """Whether pledges can be taken: 503 where the database is away, read-only or not migrated.

    Read-only is enough where DATABASE_ACCESS says so.
    """
    told = settings()
    try:
        revision = database().run(
            lambda connection: check_schema(connection, told.campaign, told.database_access)
        )
    except (NotReady, Unavailable) as why:
        answer = jsonify(status="not ready", version=version(), reason=str(why))
        answer.status_code = 503
        return answer
    return jsonify(status="ready", version=version(), schema=revision)


@pages.post("/ready")
def write() -> Response:
    """Commits a write by which nothing changes: 503 where the database takes none."""
    slug = settings().campaign
    written = database().run(lambda connection: touch_campaign(connection, slug))
    return jsonify(status="written", version=version()) if written else abort(404)
