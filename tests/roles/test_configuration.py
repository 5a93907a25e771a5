# SPDX-License-Identifier: GPL-3.0-or-later
"""The program by which a host fetches its configuration, against an emulated account."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import web_fields

from sandbox.running import CHECKOUT, Handle

SOURCE = CHECKOUT / "roles/web_host/files/configuration.py"
PLACE = {"path": "/production/home", "region": "us-east-1"}
AUTHORITIES = "/etc/phoenix/database-authorities.pem"
Write = Callable[..., str]


class Metadata(BaseHTTPRequestHandler):
    """The instance's metadata service, for one that asks as it must: with a token."""

    data: bytes | None = None

    def do_PUT(self) -> None:
        self.answer(200, b"a-token")

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != "a-token":
            self.answer(401, b"")
        elif self.data is None:
            self.answer(404, b"")
        else:
            self.answer(200, self.data)

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def program(shared_cloud: Handle, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The program, on a host of an empty account."""
    shared_cloud.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", shared_cloud.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setenv("PGSSLROOTCERT", AUTHORITIES)
    spec = importlib.util.spec_from_file_location("configuration", SOURCE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(module, "METADATA", f"http://127.0.0.1:{server.server_port}/latest")
        yield module
        server.shutdown()


@pytest.fixture
def write(program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Runs the program with user data; the text of the file. Raises SystemExit as it does."""

    def run(data: Any, patience: float = 60) -> str:
        told = data if data is None or isinstance(data, bytes) else json.dumps(data).encode()
        monkeypatch.setattr(Metadata, "data", told)
        target = tmp_path / "environment"
        program.main(target, patience)
        assert target.stat().st_mode & 0o777 == 0o600
        return target.read_text(encoding="utf-8")

    return run


def put(cloud: Handle, **values: str) -> None:
    """Parameters below the path of the environment; `__` in a name is a slash."""
    ssm = boto3.client("ssm", "us-east-1", endpoint_url=cloud.endpoint)
    for name, value in values.items():
        place = f"{PLACE['path']}/{name.replace('__', '/')}"
        ssm.put_parameter(Name=place, Value=value, Type="String")


def keep(cloud: Handle, text: str) -> None:
    """The application's secret, and the parameter that names it."""
    secrets = boto3.client("secretsmanager", "us-east-1", endpoint_url=cloud.endpoint)
    put(cloud, application_secret=secrets.create_secret(Name="s", SecretString=text)["ARN"])


def test_no_name_is_declared_that_the_program_would_refuse(program: ModuleType) -> None:
    assert program.RESERVED == web_fields.HOST_VARIABLES
    written = {web_fields.variable(name): name for name in web_fields.WRITTEN}
    assert {
        *program.LIBPQ.values(),
        *program.variables({"database_endpoint": "x"}, {"username": "u", "password": "p"}),
    } - set(written) == web_fields.DATABASE_VARIABLES
    for name in ("theme", "theme/colour", "a.b-c"):
        assert list(program.variables({name: "x"}, {})) == [web_fields.variable(name)]


def test_parameters_and_the_secret_become_variables(write: Write, shared_cloud: Handle) -> None:
    put(shared_cloud, theme__colour="red", database_endpoint="db", database_name="shop")
    put(shared_cloud, **{f"many__n{n}": str(n) for n in range(12)})  # more than on one page
    keep(shared_cloud, json.dumps({"username": "app", "password": "p"}))
    lines = write({"phoenix": PLACE}).splitlines()
    for line in (
        'THEME_COLOUR="red"',
        'DATABASE_ENDPOINT="db"',
        'PGHOST="db"',
        'PGDATABASE="shop"',
        'DATABASE_USER="app"',
        'PGUSER="app"',
        'PGPASSWORD="p"',
        'PGSSLMODE="verify-full"',
        f'PGSSLROOTCERT="{AUTHORITIES}"',
        'MANY_N11="11"',
    ):
        assert line in lines


def test_what_the_application_has_no_use_for_is_not_told(
    write: Write, shared_cloud: Handle
) -> None:
    put(shared_cloud, database_configuration="9f2c", database_name="shop")
    text = write({"phoenix": PLACE})
    assert "DATABASE_NAME" in text
    assert "9f2c" not in text


def test_every_value_is_read_back_as_it_was(write: Write, shared_cloud: Handle) -> None:
    value = "a 'b' \"c\" $d `e` \\f %g #h ;i\nj"
    put(shared_cloud, odd=value)
    text = write({"phoenix": PLACE})
    read = ["sh", "-c", f'{text}printf %s "$ODD"']
    assert subprocess.run(read, check=True, capture_output=True, text=True).stdout == value


@pytest.mark.parametrize("data", [None, b"", b"#cloud-config\n", b"#!/bin/sh\n", {"other": 1}])
def test_user_data_of_others_gives_an_empty_file(write: Write, data: Any) -> None:
    assert write(data) == ""


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"phoenix": ', "is no JSON"),
        ({"phoenix": "/production"}, "phoenix has path, region and wait_for"),
        ({"phoenix": {**PLACE, "waitfor": []}}, "phoenix has path, region and wait_for"),
        ({"phoenix": {"region": "us-east-1"}}, "phoenix.path is to look as in"),
        ({"phoenix": {**PLACE, "region": "Virginia"}}, "phoenix.region is to look as in"),
        ({"phoenix": {**PLACE, "wait_for": "database"}}, "phoenix.wait_for is a list"),
    ],
)
def test_wrong_user_data_is_told_at_once(write: Write, data: Any, told: str) -> None:
    with pytest.raises(SystemExit, match=told):
        write(data)


def test_what_does_not_come_is_named_in_the_end(
    write: Write, shared_cloud: Handle, capsys: pytest.CaptureFixture[str]
) -> None:
    put(shared_cloud, theme="red")
    with pytest.raises(SystemExit, match=r"given up .* no parameter /production/home/database"):
        write({"phoenix": {**PLACE, "wait_for": ["database", "theme"]}}, patience=2)
    assert capsys.readouterr().err.count("not yet: there is no parameter") == 1


def test_what_comes_later_is_waited_for(write: Write, shared_cloud: Handle) -> None:
    later = threading.Timer(0.5, put, (shared_cloud,), {"database": "there"})
    later.start()
    assert 'DATABASE="there"' in write({"phoenix": {**PLACE, "wait_for": ["database"]}})
    later.join()


@pytest.mark.parametrize("text", ["hidden", '{"password": "hidden"}', '["hidden"]', '"hidden"'])
def test_a_secret_of_another_form_is_told_without_what_is_in_it(
    write: Write, shared_cloud: Handle, text: str
) -> None:
    keep(shared_cloud, text)
    with pytest.raises(SystemExit, match="is a JSON object with username and password") as ended:
        write({"phoenix": PLACE})
    assert "hidden" not in str(ended.value)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("a__b", "a_b"), "the variable A_B is another parameter's too"),
        (("path",), "the variable PATH cannot be a parameter's"),
        (("2fa",), "the variable 2FA cannot be a parameter's"),
    ],
)
def test_a_parameter_that_cannot_be_a_variable_is_told(
    write: Write, shared_cloud: Handle, names: tuple[str, ...], told: str
) -> None:
    put(shared_cloud, **dict.fromkeys(names, "x"))
    with pytest.raises(SystemExit, match=told):
        write({"phoenix": PLACE})
