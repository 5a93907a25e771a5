# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that nginx stands before on a host, and what is to be seen of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.roles.conftest import Remote, artifact

# Answers with its count of requests, and with what it knows, so that a kept answer is seen.
# While there is the file `away`, it lives and is not ready.
APPLICATION = """
import http.server, json, os, itertools, socket
count = itertools.count(1)
def reach():
    try:
        socket.create_connection(("169.254.169.254", 80), 5).close()
    except OSError as error:
        return type(error).__name__
    return "reached"
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    headers_of = {
        "/private": ("Cache-Control", "private, max-age=60"),
        "/secret": ("Cache-Control", "no-store"),
        "/login": ("Set-Cookie", "who=me"),
    }
    def do_GET(self):
        told = {"n": next(count), "version": VERSION, "environment": dict(os.environ)}
        told["path"] = self.path
        if self.path == "/metadata":
            told["metadata"] = reach()
        told["padding"] = "-" * 2000  # what is short is not worth compressing
        body = json.dumps(told).encode()
        away = self.path == "/ready" and os.path.exists(AWAY)
        self.send_response(503 if away else 200)
        if self.path in self.headers_of:
            self.send_header(*self.headers_of[self.path])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""
# It is installed by its own user, who reaches nothing meanwhile.
INSTALL = "echo installed > note && test $(id -un) = app-pages && ! ip route get 198.51.100.1"
CACHE_SECONDS = 20
AWAY = "/var/lib/pages/away"


def release(folder: Path, version: str, files: dict[str, bytes] | None = None) -> Path:
    """A release of the application above."""
    content = f"VERSION, AWAY = {version!r}, {AWAY!r}\n{APPLICATION}".encode()
    return artifact(folder, "pages", version, {"serve.py": content, **(files or {})})


def variables(remote: Remote, version: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "web_host_application": "pages",
        "web_host_release": version,
        "web_host_artifact": str(remote.work / f"pages-{version}.tar.gz"),
        "web_host_install": INSTALL,
        "web_host_start": "python3 serve.py",
        "web_host_environment": {"MOTTO": 'a "b" $c `d` \\e 100%'},
        "web_host_cache_seconds": CACHE_SECONDS,
        "web_host_live": "/live",
        "web_host_ready": "/ready",
        "web_host_database_authorities": "/etc/ssl/certs/ca-certificates.crt",
        **more,
    }


@pytest.fixture(scope="module")
def host(remote: Remote) -> Remote:
    """A host that serves version 1."""
    release(remote.work, "1")
    remote.play(variables(remote))
    return remote


def ask(host: Remote, path: str = "/ready", *words: str) -> dict[str, Any]:
    """What the application said."""
    found: dict[str, Any] = json.loads(host.page(path, *words))
    return found


def exposure(host: Remote, service: str) -> float:
    """systemd's own figure: 0 is shut in wholly, 10 not at all."""
    printed = host.shell(f"systemd-analyze security --no-pager {service}.service")
    return float(printed.rpartition(f"exposure level for {service}.service: ")[2].split()[0])


def boot(host: Remote) -> None:
    """Boot the host, and wait until all of it has come."""
    host.shell("touch /run/before-the-boot")
    host.site.client("ec2").reboot_instances(InstanceIds=[host.number])
    host.site.until(lambda: booted(host))


def booted(host: Remote) -> bool:
    """Whether the host runs, and nothing of the time before."""
    script = "ls /run/before-the-boot 2>/dev/null || systemctl is-system-running || :"
    try:
        return host.shell(script) == "running"
    except Exception:  # while it boots, there is nobody to ask
        return False
