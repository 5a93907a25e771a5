# SPDX-License-Identifier: GPL-3.0-or-later
"""The application, put together."""

from __future__ import annotations

import atexit
import os

from flask import Flask

from crowdfund import answers
from crowdfund.database import Database
from crowdfund.money import format_money
from crowdfund.release import version
from crowdfund.settings import Settings, read_settings
from crowdfund.web import pages

BODY = 16 * 1024  # bytes of a request at the most
STATIC_SECONDS = 3600


def create_app(settings: Settings | None = None) -> Flask:
    """The application for these settings, or for those of the environment.

    It connects in the background, and starts without a database too. Raises BadSettings.
    """
    settings = settings or read_settings(os.environ)
    database = Database(settings)
    database.open()
    atexit.register(database.close)
    app = Flask("crowdfund")
    app.config.update(MAX_CONTENT_LENGTH=BODY, SEND_FILE_MAX_AGE_DEFAULT=STATIC_SECONDS)
    app.extensions.update(settings=settings, database=database)
    app.jinja_env.filters["money"] = format_money
    app.jinja_env.globals["version"] = version()
    app.register_blueprint(pages)
    answers.register(app)
    return app
