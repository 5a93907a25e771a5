# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application: what every request goes through."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any

from moto.iam.models import get_account_id_from

from sandbox import buckets, credentials, pricing, regions
from sandbox.answers import Answer, emulator_broke, failed, throttled, unknown_region
from sandbox.calls import Call, identify, unknown
from sandbox.control import Control
from sandbox.emulator import Emulator
from sandbox.faults import NOTHING, Faults, Rule, Verdict
from sandbox.killing import kill_group
from sandbox.permissions import Permissions
from sandbox.request_log import RequestLog
from sandbox.services import USUAL, prefix_of
from sandbox.staleness import Staleness
from sandbox.world import World

# Where in a WSGI environment stands in which VPC who asks is, and in which region that is.
PLACE, ASKER = "sandbox.vpc", "sandbox.region"

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class ConnectionCut(ConnectionAbortedError):
    """The client is to get no answer; the server cuts the connection."""


class Application:
    """Serves AWS requests, and control requests under /_sandbox/."""

    def __init__(
        self,
        world: World,
        log: RequestLog,
        allowed_regions: frozenset[str] = frozenset(),
        root: credentials.Credentials | None = None,
    ) -> None:
        """root: only these keys, and those that the account gave out, are served; None: any."""
        self._world = world
        self._log = log
        self._regions = allowed_regions
        self._emulator = Emulator()
        self._faults = Faults()
        self._staleness = Staleness(self._faults)
        self._root = root
        self._permissions = Permissions()
        self._control = Control(world, log, self._faults, root.secret_key if root else "")
        world.on_reset(self._emulator.reset)
        world.on_reset(self._faults.clear)
        world.on_reset(self._staleness.forget)
        world.on_reset(self._permissions.switch)
        world.controls["permissions"] = self._permissions.switch

    @property
    def facts(self) -> Mapping[str, str]:
        """See `World.facts`."""
        return self._world.facts

    def prepare(self) -> None:
        """Load the usual services, one after the other, letting requests in between."""
        for service in USUAL:
            with self._world.lock:
                self._emulator.prepare(service)

    def forget(self) -> None:
        """Forget everything that was made, also what is real, and make nothing any more."""
        self._world.end()
        self._world.reset()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        # The whole body first: a slow sender must not hold the lock.
        body = _read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        path = environ.get("PATH_INFO", "/")
        if path.startswith("/_sandbox/"):
            answer = self._control.answer(environ["REQUEST_METHOD"], path, environ, body)
        else:
            answer = self._serve(environ, body)
        start_response(f"{answer.status} {_phrase(answer.status)}", answer.headers)
        return [answer.body]

    def _serve(self, environ: dict[str, Any], body: bytes) -> Answer:
        began, clock = time.time(), time.perf_counter()
        call, verdict, answer, done = unknown(environ), NOTHING, None, False
        try:
            # The emulator keeps what it once made of a service's model, and not for threads.
            with self._world.lock:
                call = identify(environ, body)
                if not self._reached(call, environ):
                    raise ConnectionCut
                asker = environ.get(ASKER, "")
                verdict = self._faults.decide(call, buckets.reached(call, environ), asker)
                if not verdict.delay:
                    answer, done = self._carry_out(call, environ, verdict)
            if verdict.delay:
                time.sleep(verdict.delay)
                with self._world.lock:
                    answer, done = self._carry_out(call, environ, verdict)
        except ConnectionCut:
            raise
        except Exception as crash:
            answer = emulator_broke(call, crash)
        finally:
            self._log.add(
                {
                    "time": round(began, 6),
                    "service": call.service,
                    "region": call.region,
                    "action": call.action,
                    "write": call.write,
                    "status": answer.status if answer else 0,
                    "executed": done,
                    "duration": round(time.perf_counter() - clock, 6),
                    "fault": verdict.name,
                    "access_key": call.access_key,
                    "about": call.about,
                    **({"dry_run": True} if call.dry_run else {}),
                }
            )
        if answer is None or (verdict.fault and verdict.fault.effect in {"lost", "kill"}):
            raise ConnectionCut
        return answer

    def _reached(self, call: Call, environ: Mapping[str, Any]) -> bool:
        """Whether there is a way from who asks to the service; from outside there always is."""
        place = environ.get(PLACE, "")
        asked = (environ.get("REMOTE_ADDR", ""), prefix_of(call.service), call.region)
        return not place or self._world.reaches(place, *asked)

    def _carry_out(
        self, call: Call, environ: dict[str, Any], verdict: Verdict
    ) -> tuple[Answer | None, bool]:
        """The answer (None: there is none) and whether the emulator was asked. Under the lock."""
        rule = verdict.fault
        effect = rule.effect if rule else ""
        if effect == "dark":
            return None, False
        if effect == "throttle":
            return throttled(call), False
        if effect == "error500":
            return failed(call), False
        if rule and effect == "kill" and rule.mode == "before":
            _kill(rule)
            return None, False
        body = environ["wsgi.input"].getvalue()
        if self._root and (refusal := credentials.refusal(call, environ, body, self._root)):
            return refusal, False
        if not regions.exists(call, self._regions):
            return unknown_region(call), False
        if elsewhere := buckets.elsewhere(call, environ, self._world.cut):
            return elsewhere, False
        token = credentials.session_token(environ)
        if refusal := self._permissions.refusal(call, body, token):
            return refusal, False
        answer = self._emulate(call, environ, verdict.stale)
        if rule and effect == "kill":
            _kill(rule)
        return answer, True

    def _emulate(self, call: Call, environ: dict[str, Any], stale: Rule | None) -> Answer:
        view = self._staleness.view(stale, call) if stale else None
        if stale and view:
            self._faults.note_stale(stale, call)
        elif stale:
            stale.hit -= 1
        if call.write and self._faults.rules:
            self._staleness.before_write(call, get_account_id_from(call.access_key))
        if call.service == pricing.SERVICE:
            return pricing.answer(call, environ["wsgi.input"].read())
        with self._world.answering(), view or nullcontext():
            answer = self._emulator.answer(call, environ)
        if call.write:
            self._world.touch()
        return answer


def _kill(rule: Rule) -> None:
    try:
        kill_group(rule)
    except (OSError, ValueError) as problem:
        print(f"sandbox: kill rule: {problem}", file=sys.stderr)


def _read_body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = bytes(stream.read(length)) if length else b""
    if len(body) < length:
        # Whoever sent it died on the way; AWS would find the signature of such a body wrong.
        raise ConnectionCut
    return body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
