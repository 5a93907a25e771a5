# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications of other kinds, served by nothing but variables: one after another, on one host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.roles.conftest import COLOUR, PASSWORD, Remote, artifact, changed

pytestmark = pytest.mark.real
FRONT = b"""<?php
if (getenv('PGPASSWORD') === false) { throw new Exception('not configured'); }
if ($_SERVER['REQUEST_URI'] === '/cart') { session_start(); }
header('Content-Type: application/json');
echo json_encode([
    'asked' => $_SERVER['REQUEST_URI'], 'number' => random_int(0, PHP_INT_MAX),
    'https' => $_SERVER['HTTPS'] ?? '', 'user' => posix_getpwuid(posix_geteuid())['name'],
    'password' => getenv('PGPASSWORD'),
]);
"""
FPM = b"""[global]
error_log = syslog
[www]
listen = 127.0.0.1:${PORT}
pm = static
pm.max_children = 2
clear_env = no
catch_workers_output = yes
php_admin_value[session.save_path] = /tmp
"""
SERVER = b"""
const count = { n: 0 };
require("node:http").createServer((request, response) => {
  count.n += 1;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ n: count.n, url: request.url, theme: process.env.THEME_COLOUR }));
}).listen(Number(process.env.PORT), "127.0.0.1");
"""


def serve(remote: Remote, name: str, files: Mapping[str, bytes], **more: Any) -> None:
    """Makes the host serve an application, and sees that a second run has nothing to do."""
    variables = {
        "web_host_application": name,
        "web_host_release": "1",
        "web_host_artifact": str(artifact(remote.work, name, "1", files)),
        "web_host_database_authorities": "/etc/ssl/certs/ca-certificates.crt",
        **more,
    }
    remote.play(variables)
    assert changed(remote.play(variables)) == 0


def test_php_answers_by_php_fpm_and_nginx_serves_its_files(remote: Remote) -> None:
    serve(
        remote,
        "shop",
        {"public/index.php": FRONT, "public/logo.svg": b"<svg/>", "fpm.conf": FPM},
        web_host_packages=["php-fpm"],
        web_host_masked=["php8.2-fpm.service"],
        web_host_speaks="fastcgi",
        web_host_start="/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config fpm.conf",
        web_host_files="public",
        web_host_index="index.php",
        web_host_live="/live",
        web_host_ready="/ready",
        web_host_cache_seconds=60,
    )
    told = json.loads(remote.page("/fresh/fruit?kind=1", "-H", "X-Forwarded-Proto: https"))
    assert told["asked"] == "/fresh/fruit?kind=1"
    assert (told["https"], told["user"], told["password"]) == ("on", "app-shop", PASSWORD)
    assert remote.page("/logo.svg") == "<svg/>"
    # What is not in the public folder is for the front page to answer.
    assert json.loads(remote.page("/fpm.conf"))["asked"] == "/fpm.conf"
    assert remote.page("/list") == remote.page("/list")
    for path in ("/cart", "/live", "/ready"):
        assert remote.page(path) != remote.page(path), path
    assert json.loads(remote.page("/health/ready"))["asked"] == "/live"
    assert remote.shell("ps -o user= -C php-fpm8.2 | sort -u") == "app-shop"


def test_files_are_served_without_any_application(remote: Remote) -> None:
    serve(
        remote,
        "leaflet",
        {"public/index.html": b"<h1>Leaflet</h1>", "public/.git/config": b"hidden", "note": b"x"},
        web_host_speaks="files",
        web_host_files="public",
        web_host_cache_seconds=60,
    )
    assert remote.page() == "<h1>Leaflet</h1>"
    assert "max-age=60" in remote.page("/", "-D", "-")
    for path in ("/nothing", "/.git/config", "/../note", "/note"):
        assert remote.status(path) == "404", path
    assert remote.page("/health/live") == "ok"
    assert remote.page("/health/ready") == remote.page()
    assert remote.shell("ls /etc/systemd/system/leaflet.service 2>/dev/null || :") == ""


def test_node_answers_over_http(remote: Remote) -> None:
    serve(
        remote,
        "chat",
        {"server.js": SERVER},
        web_host_packages=["nodejs"],
        web_host_start="node server.js",
        web_host_port=3000,
    )
    told = json.loads(remote.page("/fresh"))
    assert told["url"] == "/fresh"
    assert told["theme"] == COLOUR
    assert json.loads(remote.page("/health/ready"))["url"] == "/"
    assert json.loads(remote.page("/fresh"))["n"] > told["n"], "nothing is kept"


def test_with_tls_nobody_but_the_host_itself_is_answered_without(remote: Remote) -> None:
    serve(
        remote,
        "vault",
        {"server.js": SERVER},
        web_host_packages=["nodejs"],
        web_host_start="node server.js",
        web_host_port=3000,
        web_host_tls=True,
    )
    here = remote.shell("hostname -I").split()[0]
    told = remote.shell(f"curl --silent --insecure https://{here}:8080/health/ready")
    assert json.loads(told)["url"] == "/"
    assert "400" in remote.shell(f"curl --silent http://{here}:8080/ || :")
    assert remote.shell(f"curl --silent http://{here}:8081/ || echo none") == "none"
    keys = "sha256sum /run/phoenix-tls/key.pem; stat -c '%a %U' /run/phoenix-tls/key.pem"
    before, rights = remote.shell(keys).splitlines()
    assert rights == "600 root"
    remote.shell("systemctl restart phoenix-tls nginx")
    assert remote.shell(keys).splitlines()[0] != before
    remote.shell("systemctl disable --now phoenix-tls")
