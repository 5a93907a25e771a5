# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of answers: problems by RFC 9457 for programs, a page for people; what may be cached."""

from __future__ import annotations

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from crowdfund.database import Unavailable

POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


def for_a_browser() -> bool:
    """Whether the request prefers a page; who has no preference gets JSON."""
    kinds = ["application/json", "text/html"]
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def problem(status: int, title: str, **more: object) -> Response:
    """An error as the one who asked can read it."""
    if for_a_browser():
        answer = Response(render_template("problem.html", title=title), mimetype="text/html")
    else:
        answer = jsonify(title=title, status=status, **more)
        answer.mimetype = "application/problem+json"
    answer.status_code = status
    return answer


def cached(answer: Response, seconds: int) -> Response:
    """The same answer, which everybody may keep that long."""
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    return answer


def finish(answer: Response) -> Response:
    """What holds for every answer: it is kept by nobody, unless it says so itself."""
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    return answer


def unavailable(cause: Unavailable) -> Response:
    """503, with the advice to come again: whoever sends the same key again loses nothing."""
    answer = problem(503, "The database is not available. Please try again.")
    answer.headers["Retry-After"] = "1"
    return answer


def refused(cause: HTTPException) -> Response:
    """What Flask itself refuses: an unknown path, another method, a body that is too large."""
    answer = problem(cause.code or 500, cause.description or cause.name)
    for name, value in cause.get_headers():
        if name != "Content-Type":
            answer.headers[name] = value
    return answer


def register(app: Flask) -> None:
    """Give an application these answers."""
    app.after_request(finish)
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(HTTPException, refused)
