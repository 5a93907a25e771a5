# SPDX-License-Identifier: GPL-3.0-or-later
"""A real host takes releases, keeps the old one where one fails, and is ready once it said so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.roles.conftest import COLOUR, Remote, artifact, changed
from tests.roles.serving import AWAY, ask, boot, exposure, host, release, variables

__all__ = ["host"]
pytestmark = pytest.mark.real


@pytest.fixture
def away(host: Remote) -> Iterator[None]:
    """What the application needs is not there: it is not ready."""
    host.shell(f"touch {AWAY}")
    assert host.status("/ready") == "503"
    yield
    host.shell(f"rm {AWAY}")
    host.site.until(lambda: host.status("/health/ready") == "200")


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
