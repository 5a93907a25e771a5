# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the hosts of these tests: application.py ADDRESS PORT NAME.

It says who it is and what it was asked. `/health/503` has it answer checks with that status from
then on, with 0 not at all; `/slow/2` is answered after two seconds, `/cut` never; `/busy` tells how
many slow answers are under way.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Application(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    name = ""
    health = 200
    busy = 0
    checks: dict[str, str] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        _, first, *rest = self.path.split("/")
        status = 200
        match first, rest:
            case "ready", _:
                Application.checks = dict(self.headers)
                status = Application.health
                if status == 0:
                    time.sleep(3600)
            case "health", [number]:
                Application.health = int(number)
            case "checks", _:
                self.answer(200, json.dumps(Application.checks))
                return
            case "status", [number]:
                status = int(number)
            case "busy", _:
                self.answer(200, json.dumps({"busy": Application.busy}))
                return
            case "slow", [seconds]:
                Application.busy += 1
                time.sleep(float(seconds))
                Application.busy -= 1
            case "cut", _:
                self.close_connection = True
                return
        told = {"name": self.name, "path": self.path, "headers": dict(self.headers)}
        self.answer(status, json.dumps({**told, "method": self.command}))

    def do_DELETE(self) -> None:
        self.do_GET()

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Content-Type", "application/json")
        if self.path.startswith("/session"):
            self.send_header("Set-Cookie", "session=1; Path=/")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Who checks a host hangs up as soon as it has seen the status."""


if __name__ == "__main__":
    Application.name = sys.argv[3]
    server = Server((sys.argv[1], int(sys.argv[2])), Application)
    print("serving", flush=True)
    server.serve_forever()
