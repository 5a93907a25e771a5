# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a WSGI application, with one answer for each request and none by exception."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox.answers import Answer, emulator_broke, not_emulated
from sandbox.calls import Call
from sandbox.services import UNKNOWN

# The emulator lists all methods of a class for every request: a third of the time of a small one.
responses.method_names_from_class = functools.cache(  # type: ignore[attr-defined]
    responses.method_names_from_class  # type: ignore[attr-defined]
)


class _Dispatcher(DomainDispatcherApplication):
    """The emulator's dispatcher; it tries some 200 patterns for every request, this one once."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._known: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host is None:
            return None
        if host not in self._known:
            self._known[host] = super().get_backend_for_host(host)
        if self._known[host] is None:
            raise NotImplementedError(f"the service at {host}")
        return self._known[host]


class Emulator:
    """Whoever calls holds the world's lock: the emulator has none of its own."""

    def __init__(self) -> None:
        self._dispatch = _Dispatcher()

    def answer(self, call: Call, environ: dict[str, Any]) -> Answer:
        """Do what the request asks; what the emulator cannot do is an AWS error, status 501."""
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = [int(status.split(None, 1)[0]), headers]

        try:
            parts: Iterable[bytes] = self._dispatch(environ, start)
            body = b"".join(parts)
        except NotImplementedError as gap:
            return not_emulated(call, str(gap) or f"{call.service} {call.action}")
        except Exception as crash:
            return emulator_broke(call, crash)
        status, headers = started
        if status in (404, 405) and (call.action == UNKNOWN or _is_html(headers)):
            return not_emulated(call, f"{call.service} {call.method} {call.path} ({call.action})")
        return Answer(status, _without_length(headers, call.method), body)

    def prepare(self, service: str) -> None:
        """Do what the first request to a service would otherwise have to wait for."""
        get_service_model(service)
        if service not in self._dispatch.app_instances:
            self._dispatch.app_instances[service] = create_backend_app(service)  # type: ignore[arg-type]

    def reset(self) -> None:
        """Forget everything in every account and region."""
        BackendDict.reset()
        reset_model_data()


def _is_html(headers: list[tuple[str, str]]) -> bool:
    return any(k.lower() == "content-type" and "text/html" in v for k, v in headers) and not any(
        k.lower().startswith("x-amz") for k, _ in headers
    )


def _without_length(headers: list[tuple[str, str]], method: str) -> list[tuple[str, str]]:
    """The headers; the length is set anew where there is a body to take it from."""
    if method == "HEAD":
        return headers
    return [(k, v) for k, v in headers if k.lower() not in ("content-length", "date", "server")]
