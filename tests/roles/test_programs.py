# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that has what the programs of a database need asks no package server for it."""

from __future__ import annotations

import pytest

from tests.roles.conftest import Remote, changed

pytestmark = pytest.mark.real
# From now on nobody answers who has packages.
CUT = """
mkdir -p /root/kept && mv /etc/apt/sources.list* /root/kept/
echo 'deb http://127.0.0.1:9/debian bookworm main' > /etc/apt/sources.list
"""
BACK = "rm -rf /etc/apt/sources.list* && mv /root/kept/* /etc/apt/ && rmdir /root/kept"


def test_packages_are_asked_for_only_where_one_is_missing(remote: Remote) -> None:
    remote.shell(CUT)
    assert "Install what it lacks" in remote.fails({}, role="database", tasks="programs")
    remote.shell(BACK)
    assert changed(remote.play({}, role="database", tasks="programs")) > 0
    remote.shell(CUT)
    assert changed(remote.play({}, role="database", tasks="programs")) == 0
