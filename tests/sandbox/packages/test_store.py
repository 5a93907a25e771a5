# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of Debian's archives are asked for, fetched and kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.packages.mirrors import Absent, Unreachable, found
from sandbox.packages.relay import Forbidden, path_of
from sandbox.packages.store import Store

PACKAGE = "debian/pool/main/n/nginx/nginx-light_1.22.1-9_amd64.deb"
INDEX = "debian/dists/bookworm/InRelease"
LISTED = """
'http://packages.example.org/tools/dists/bookworm/InRelease' x 0
'http://apt.example.org:3142/debian/dists/bookworm/InRelease' x 0
'http://apt.example.org:3142/debian/dists/bookworm-updates/InRelease' x 0
'https://safe.example.org/debian-security/dists/bookworm-security/InRelease' x 0
'http://other.example.org/debian/dists/bookworm-updates/InRelease' x 0
"""


class Mirror:
    """A mirror with these files, by their addresses; `down` while it does not answer."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.asked: list[str] = []
        self.down = False

    def fetch(self, uri: str, target: Path) -> None:
        self.asked.append(uri)
        target.write_text("half", encoding="ascii")
        if self.down:
            raise Unreachable("no answer")
        if uri not in self.files:
            raise Absent(uri)
        target.write_text(self.files[uri], encoding="ascii")

    def known(self) -> dict[str, str]:
        return {"debian": "http://mirror.example.org/debian"}


@pytest.fixture
def mirror() -> Mirror:
    return Mirror()


@pytest.fixture
def store(mirror: Mirror, tmp_path: Path) -> Store:
    return Store(tmp_path / "packages", mirror.fetch, mirror.known)


def test_the_archives_are_those_of_debian_that_this_machines_apt_uses() -> None:
    assert found(LISTED) == {
        "debian": "http://apt.example.org:3142/debian",
        "debian-security": "https://safe.example.org/debian-security",
    }
    assert found("") == {}


def test_a_package_is_fetched_once_and_needs_no_mirror_after_that(
    store: Store, mirror: Mirror
) -> None:
    mirror.files[f"http://mirror.example.org/{PACKAGE}"] = "package"
    assert store.get(PACKAGE).read_text() == "package"
    mirror.down = True
    assert store.get(PACKAGE).read_text() == "package"
    assert mirror.asked == [f"http://mirror.example.org/{PACKAGE}"]


def test_an_index_is_the_newest_and_without_a_mirror_the_one_that_is_kept(
    store: Store, mirror: Mirror
) -> None:
    for content in ("old", "new"):
        mirror.files[f"http://mirror.example.org/{INDEX}"] = content
        assert store.get(INDEX).read_text() == content
    mirror.down = True
    assert store.get(INDEX).read_text() == "new"


def test_nothing_is_kept_of_what_could_not_be_fetched_whole(
    store: Store, mirror: Mirror, tmp_path: Path
) -> None:
    mirror.down = True
    with pytest.raises(Unreachable):
        store.get(PACKAGE)
    mirror.down = False
    with pytest.raises(Absent):
        store.get(PACKAGE)
    with pytest.raises(Absent):
        store.get("debian-ports/dists/sid/InRelease")
    assert list((tmp_path / "packages").iterdir()) == []


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("deb.debian.org", "/"),
        ("deb.debian.org", "/debian"),
        ("deb.debian.org", "/debian/dists/"),
        ("deb.debian.org", "/debian/../etc/passwd"),
        ("deb.debian.org", "/debian/%2e%2e/other/InRelease"),
        ("deb.debian.org", "/debian/dists/bookworm/InRelease?to=elsewhere"),
        ("deb.debian.org", "/ubuntu/dists/noble/InRelease"),
        ("deb.debian.org", "http://example.org/debian/dists/bookworm/InRelease"),
        ("deb.debian.org:443", "/debian/dists/bookworm/InRelease"),
        ("security.debian.org", "/debian/dists/bookworm/InRelease"),
        ("example.org", "/debian/dists/bookworm/InRelease"),
        ("", "/debian/dists/bookworm/InRelease"),
    ],
)
def test_what_is_no_file_of_the_archives_is_forbidden(host: str, target: str) -> None:
    with pytest.raises(Forbidden):
        path_of(host, target)


def test_files_of_the_archives_are_had_under_debians_names() -> None:
    assert path_of("deb.debian.org", f"/{PACKAGE}") == PACKAGE
    assert path_of("Deb.Debian.Org:80", f"/{INDEX}") == INDEX
    strange = "debian-security/pool/main/g/g++/g++_1%3a2~rc+1_all.deb"
    assert path_of("security.debian.org", f"/{strange}") == strange
