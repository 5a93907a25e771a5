# SPDX-License-Identifier: GPL-3.0-or-later
"""A host serves a release behind nginx, and nobody gets what is not his. All on a real host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.roles.conftest import COLOUR, PASSWORD, Remote, changed
from tests.roles.serving import ask, exposure, host, variables

__all__ = ["host"]
pytestmark = pytest.mark.real


def twice(host: Remote, path: str, *words: str) -> tuple[int, int]:
    """The counts in the answers to two requests, the second of which follows at once."""
    address = f"http://127.0.0.1:8080{path}"
    told = " ".join(f"'{word}'" for word in words)
    printed = host.shell(f"for i in 1 2; do curl -sf {told} {address} && echo; done")
    first, second = [int(json.loads(line)["n"]) for line in printed.splitlines()]
    return first, second


def test_a_host_serves_its_release_and_a_second_run_changes_nothing(host: Remote) -> None:
    assert ask(host)["version"] == "1"
    assert host.page("/health/live") == "ok"
    assert ask(host, "/health/ready")["path"] == "/live"
    assert changed(host.play(variables(host))) == 0


def test_where_no_database_takes_writes_a_host_does_not_beat_and_serves(host: Remote) -> None:
    assert host.shell("systemctl is-active phoenix-heartbeat") == "active"
    said = host.shell("journalctl -o cat -u phoenix-heartbeat")
    assert "there is no database here that takes writes, and so no beat" in said
    assert host.status("/health/ready") == "200"


def test_a_check_of_a_host_as_declared_reports_no_change(host: Remote) -> None:
    assert changed(host.play(variables(host), "--check", "--diff")) == 0


def test_the_application_knows_its_environment_from_parameters_and_secret(host: Remote) -> None:
    known = ask(host)["environment"]
    assert known["THEME_COLOUR"] == COLOUR
    assert (known["PGUSER"], known["PGPASSWORD"]) == ("app", PASSWORD)
    assert (known["PGHOST"], known["PGPORT"]) == ("db.example.com", "5432")
    assert (known["PGSSLMODE"], known["PORT"]) == ("verify-full", "8000")
    assert known["MOTTO"] == 'a "b" $c `d` \\e 100%'


def test_its_user_can_neither_change_what_it_runs_nor_read_secrets(host: Remote) -> None:
    assert host.shell("ps -o user= -C python3").split() == ["app-pages"]
    as_user = "runuser -u app-pages -- sh -c"
    assert host.shell(f"{as_user} 'cat /opt/pages/current/note'") == "installed"
    for forbidden in (
        "echo > /opt/pages/current/serve.py",
        "rm /opt/pages/current/note",
        "cat /run/phoenix/environment",
        "ls /run/phoenix",
    ):
        assert host.shell(f"{as_user} '{forbidden}' 2>/dev/null && echo done || echo no") == "no"
    assert host.shell("find /opt/pages -perm /022 -not -type l") == ""
    found = host.shell("grep -rlF 'p\"$`\\w' /opt /etc /var/log /var/lib 2>/dev/null || true")
    assert found == "", "the password stands in a file"


def test_neither_it_nor_what_its_user_runs_otherwise_has_the_rights_of_the_host(
    host: Remote,
) -> None:
    token = (
        "curl -s -o /dev/null -w '%{http_code}' -X PUT -m 5 http://169.254.169.254/latest/api/token"
    )
    asked = f"{token} -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' || :"
    assert host.shell(asked) == "200", "the host itself has its configuration by it"
    assert ask(host, "/metadata")["metadata"] == "ConnectionRefusedError"
    # As a migration is run.
    assert host.shell(f'runuser -u app-pages -- sh -euc "{asked}"') == "000"
    rules = host.shell("nft list table inet phoenix_metadata")
    assert "ip6 daddr fd00:ec2::254 reject" in rules
    assert host.shell("systemctl is-enabled phoenix-metadata") == "enabled"
    # Without it the application does not come up.
    needs = host.shell("systemctl show -P Requires pages").split()
    assert "phoenix-metadata.service" in needs


def test_its_service_is_shut_in(host: Remote) -> None:
    process = host.shell("systemctl show -P MainPID pages")
    facts = dict(
        line.split(":", 1) for line in host.shell(f"cat /proc/{process}/status").splitlines()
    )
    assert facts["NoNewPrivs"].strip() == "1"
    assert facts["Seccomp"].strip() == "2"
    assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0
    inside = f"nsenter --target {process} --mount --"
    for place in ("/etc", "/usr", "/opt/pages/current"):
        assert "Read-only" in host.shell(f"{inside} touch {place}/x 2>&1 || :")
    host.shell(f"{inside} touch /var/lib/pages/x /tmp/only-here")
    assert host.shell("ls /tmp/only-here 2>/dev/null || :") == ""
    assert exposure(host, "pages") < 2


def test_an_answer_is_kept_for_everybody_but_never_somebodys_own(host: Remote) -> None:
    first, second = twice(host, "/page")
    assert first == second
    for path, words in (
        ("/page", ("-H", "Cookie: who=me")),
        ("/page", ("-H", "Authorization: Basic bWU6bWU=")),
        ("/private", ()),
        ("/secret", ()),
        ("/login", ()),
        ("/live", ()),
        ("/health/ready", ()),
        ("/ready?really=1", ()),
    ):
        first, second = twice(host, path, *words)
        assert first != second, (path, words)
    # Who was answered for himself left nothing for others.
    ask(host, "/own", "-H", "Cookie: who=me")
    mine = ask(host, "/own", "-H", "Cookie: who=me")["n"]
    assert ask(host, "/own")["n"] != mine


def test_a_kept_answer_is_given_up_after_its_time(host: Remote) -> None:
    first = ask(host, "/aging")["n"]
    host.site.until(lambda: ask(host, "/aging")["n"] != first)


def test_the_clients_address_and_scheme_come_from_the_balancer_only(host: Remote) -> None:
    host.page("/health/ready")
    host.page("/whence", "-H", "X-Forwarded-For: 203.0.113.9")
    host.site.until(lambda: "/whence" in host.shell("cat /var/log/nginx/access.log"))
    line = host.shell("grep /whence /var/log/nginx/access.log")
    assert line.startswith("127.0.0.1 "), "nobody on this host is a balancer"
    assert "/ready" not in host.shell("cat /var/log/nginx/access.log"), "checks fill the log"


def test_an_answer_is_compressed_for_who_can_read_it(host: Remote) -> None:
    told = host.page("/large", "-H", "Accept-Encoding: gzip", "-o", "/dev/null", "-D", "-")
    assert "Content-Encoding: gzip" in told
    assert "Vary: Accept-Encoding" in told


def test_a_request_that_is_too_large_is_refused(host: Remote) -> None:
    script = "head -c 11000000 /dev/zero | curl -so /dev/null -w '%{http_code}' --data-binary @-"
    assert host.shell(f"{script} http://127.0.0.1:8080/page") == "413"


def test_what_is_hidden_in_a_release_is_not_served(host: Remote) -> None:
    assert host.status("/.installed") == "404"


def test_logs_are_rotated_updates_come_and_the_time_is_kept(host: Remote) -> None:
    host.page("/logged")
    host.site.until(lambda: "/logged" in host.shell("cat /var/log/nginx/access.log"))
    host.shell("logrotate --force /etc/logrotate.d/nginx 2>&1")
    host.page("/logged-later")
    # Written into the new file: nginx was told.
    host.site.until(lambda: "/logged-later" in host.shell("cat /var/log/nginx/access.log"))
    assert "/logged-later" not in host.shell("cat /var/log/nginx/access.log.1")
    assert host.shell("systemctl is-active logrotate.timer") == "active"
    wanted = host.shell("apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in wanted
    assert "--force-confold" in wanted
    assert "Debian-Security" in wanted
    assert "/etc/chrony/sources.d" in host.shell("chronyd -p")
    assert "169.254.169.123" in host.shell("cat /etc/chrony/sources.d/*.sources")


def test_wrong_options_are_refused_before_anything_is_touched(host: Remote) -> None:
    wrong: tuple[tuple[str, Any, str], ...] = (
        ("web_host_application", "Pages", "up to 28 lower case letters"),
        ("web_host_application", "nginx", "is a service of the distribution already"),
        ("web_host_ready", "/", "a kept front page would hide"),
        ("web_host_ready", "/health/ready", "which nginx answers itself"),
        ("web_host_files", "../x", "a folder in the release"),
        ("web_host_start", "", "says how the application starts"),
        ("web_host_environment", {"PATH": "/x"}, "are set already"),
        ("web_host_artifact", "/nowhere.tar.gz", "there is no file /nowhere.tar.gz"),
    )
    for option, value, told in wrong:
        said = host.fails({**variables(host), option: value})
        assert told in said, said
        assert changed(said) == 0
