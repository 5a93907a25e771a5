# SPDX-License-Identifier: GPL-3.0-or-later
"""A host serves a release behind nginx, and nobody gets what is not his. All on a real host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.roles.conftest import COLOUR, PASSWORD, Remote, artifact, changed

pytestmark = pytest.mark.real
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


@pytest.fixture
def away(host: Remote) -> Iterator[None]:
    """What the application needs is not there: it is not ready."""
    host.shell(f"touch {AWAY}")
    assert host.status("/ready") == "503"
    yield
    host.shell(f"rm {AWAY}")
    host.site.until(lambda: host.status("/health/ready") == "200")


def twice(host: Remote, path: str, *words: str) -> tuple[int, int]:
    """The counts in the answers to two requests, the second of which follows at once."""
    address = f"http://127.0.0.1:8080{path}"
    told = " ".join(f"'{word}'" for word in words)
    printed = host.shell(f"for i in 1 2; do curl -sf {told} {address} && echo; done")
    first, second = [int(json.loads(line)["n"]) for line in printed.splitlines()]
    return first, second


@pytest.mark.sample
def test_a_host_serves_its_release_and_a_second_run_changes_nothing(host: Remote) -> None:
    assert ask(host)["version"] == "1"
    assert host.page("/health/live") == "ok"
    assert ask(host, "/health/ready")["path"] == "/live"
    assert changed(host.play(variables(host))) == 0


@pytest.mark.sample
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


def exposure(host: Remote, service: str) -> float:
    """systemd's own figure: 0 is shut in wholly, 10 not at all."""
    printed = host.shell(f"systemd-analyze security --no-pager {service}.service")
    return float(printed.rpartition(f"exposure level for {service}.service: ")[2].split()[0])


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


def test_an_artifact_with_another_checksum_is_refused_and_the_old_release_serves(
    host: Remote,
) -> None:
    release(host.work, "3")
    (host.work / "pages-3.tar.gz.sha256").write_text(f"{'0' * 64}  pages-3.tar.gz\n")
    said = host.fails(variables(host, "3"))
    assert "has the checksum" in said
    assert "nothing was changed" in said
    assert changed(said) == 0
    assert ask(host)["version"] == "1"
    assert "3" not in host.shell("ls /opt/pages/releases").split()


def test_a_release_that_cannot_be_installed_leaves_nothing_and_the_old_one_serves(
    host: Remote,
) -> None:
    release(host.work, "4")
    said = host.fails(variables(host, "4", web_host_install="echo no such tool >&2; exit 7"))
    assert "pages 4 could not be installed" in said
    assert "no such tool" in said
    assert ask(host)["version"] == "1"
    assert "4" not in host.shell("ls /opt/pages/releases").split()


def test_a_full_disk_is_told_and_the_old_release_serves(host: Remote) -> None:
    release(host.work, "5", {"large": os.urandom(4_000_000)})
    host.shell(
        "mount -t tmpfs -o size=2m small /mnt && cp -a /opt/pages/. /mnt/"
        " && mount --bind /mnt /opt/pages"
    )
    try:
        said = host.fails(variables(host, "5"))
        assert "(free on the disk of /opt/pages at that time: 0M)" in said
        assert "pages 5 could not be installed" in said
        assert "5" not in host.shell("ls /opt/pages/releases").split()
        assert ask(host)["version"] == "1"
        host.play(variables(host))
    finally:
        host.shell("umount /opt/pages && umount /mnt")
    assert ask(host)["version"] == "1"


def test_a_release_that_does_not_start_is_told_with_its_last_words(host: Remote) -> None:
    broken = {"serve.py": b"raise SystemExit('there is no such thing')"}
    artifact(host.work, "pages", "6", broken)
    said = host.fails(variables(host, "6"))
    assert "pages 6 does not answer with 200 at /live" in said
    assert "there is no such thing" in said
    host.play(variables(host))
    assert ask(host)["version"] == "1"


def test_another_release_is_served_and_the_old_one_stays_for_the_way_back(host: Remote) -> None:
    assert ask(host)["version"] == "1"
    release(host.work, "2")
    host.play(variables(host, "2"))
    assert ask(host)["version"] == "2"
    assert {"1", "2"} <= set(host.shell("ls /opt/pages/releases").split())
    host.play(variables(host))
    assert ask(host)["version"] == "1"


def test_a_run_that_was_killed_before_the_restart_is_finished_by_the_next(host: Remote) -> None:
    release(host.work, "2")
    host.play(variables(host, "2"))
    host.shell("ln -sfn /opt/pages/releases/1 /opt/pages/current")
    assert ask(host)["version"] == "2"
    host.play(variables(host))
    assert ask(host)["version"] == "1"


@pytest.mark.usefixtures("away")
def test_an_application_that_was_ready_once_is_asked_only_whether_it_lives(host: Remote) -> None:
    assert ask(host, "/health/ready")["path"] == "/live"
    # Also one that fell and came again: what it needs is not nearer because of it.
    host.shell("systemctl restart pages")
    assert ask(host, "/health/ready")["path"] == "/live"
    host.shell("systemctl kill --signal=KILL pages")
    host.site.until(lambda: host.status("/live") == "200")
    assert ask(host, "/health/ready")["path"] == "/live"


@pytest.mark.usefixtures("away")
def test_a_new_release_is_not_ready_before_it_says_so_even_where_the_old_one_was(
    host: Remote,
) -> None:
    release(host.work, "2")
    assert host.status("/health/ready") == "200"
    host.play(variables(host, "2"))
    assert ask(host, "/live")["version"] == "2"
    told = host.shell("curl -si http://127.0.0.1:8080/health/ready")
    assert "503 " in told.splitlines()[0]
    assert "Content-Type: text/plain" in told
    assert "Cache-Control: no-store" in told
    assert "/ready has not yet answered with 2xx, see journalctl -u phoenix-ready" in told
    assert "not ready: /ready answers 503: {" in host.shell("journalctl -o cat -u phoenix-ready")
    assert changed(host.play(variables(host, "2"))) == 0
    assert host.status("/health/ready") == "503"
    host.play(variables(host))
    assert host.status("/health/ready") == "503"


@pytest.mark.usefixtures("away")
def test_a_release_that_is_started_where_none_ran_is_not_ready_before_it_says_so(
    host: Remote,
) -> None:
    host.shell("systemctl stop pages")
    host.play(variables(host))
    assert ask(host, "/live")["version"] == "1"
    assert host.status("/health/ready") == "503"


@pytest.mark.usefixtures("away")
def test_after_a_boot_it_is_not_ready_before_it_says_so_and_the_boot_does_not_wait(
    host: Remote,
) -> None:
    assert host.status("/health/ready") == "200"
    boot(host)
    assert ask(host, "/live")["version"] == "1"
    assert host.status("/health/ready") == "503"


def test_who_asks_whether_it_is_ready_is_shut_in_and_the_application_cannot_answer_for_it(
    host: Remote,
) -> None:
    host.site.until(lambda: host.status("/health/ready") == "200")
    as_user = "runuser -u app-pages -- sh -c"
    for forbidden in ("touch /run/phoenix-ready/x", "rm /run/phoenix-ready/yes"):
        assert host.shell(f"{as_user} '{forbidden}' 2>/dev/null && echo done || echo no") == "no"
    assert exposure(host, "phoenix-ready") < 2


def test_a_dead_application_is_started_again_and_so_is_all_after_a_boot(host: Remote) -> None:
    before = host.shell("systemctl show -P MainPID pages")
    host.shell(f"kill -KILL {before}")
    host.site.until(lambda: host.shell("systemctl show -P MainPID pages") not in ("0", before))
    assert ask(host)["version"] == "1"
    boot(host)
    assert ask(host)["environment"]["THEME_COLOUR"] == COLOUR


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


def test_an_image_of_it_has_nothing_of_this_host_and_serves_elsewhere(host: Remote) -> None:
    number, keys = host.shell("cat /etc/machine-id"), host.shell("cat /etc/ssh/ssh_host_*.pub")
    host.site.until(lambda: host.status("/health/ready") == "200")
    host.shell(f"touch {AWAY}")
    host.play(variables(host), tasks="tidy")
    assert host.shell("ls /etc/ssh/ssh_host_* 2>/dev/null | wc -l") == "0"
    assert host.shell("cat /etc/machine-id /home/admin/.ssh/authorized_keys 2>/dev/null || :") == ""
    ec2 = host.site.client("ec2")
    image = ec2.create_image(InstanceId=host.number, Name="pages")["ImageId"]
    host.site.until(
        lambda: ec2.describe_images(ImageIds=[image])["Images"][0]["State"] == "available"
    )
    host.launch(ImageId=image)
    assert ask(host, "/live")["version"] == "1"
    assert host.status("/health/ready") == "503", "it was the other host that was ready"
    host.shell(f"rm {AWAY}")
    host.site.until(lambda: host.status("/health/ready") == "200")
    assert ask(host)["environment"]["THEME_COLOUR"] == COLOUR
    assert host.shell("cat /etc/machine-id") not in ("", number)
    assert host.shell("cat /etc/ssh/ssh_host_*.pub") != keys
