# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that shuts itself down, at once or later, stops or goes as it was launched to do."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.real
TIMERS = "systemctl list-timers --no-pager --no-legend"


def test_one_launched_to_be_terminated_goes_with_its_interface_and_its_public_address(
    site: Any,
) -> None:
    site.gateway()
    number = site.public(site.group("builder"), InstanceInitiatedShutdownBehavior="terminate")
    found = site.up(number)
    address = found["PublicIpAddress"]
    card = found["NetworkInterfaces"][0]["NetworkInterfaceId"]
    site.shell(number, "shutdown -h +1 'enough of it'")
    assert site.state(number) == "running"
    site.until(lambda: site.state(number) == "terminated")
    gone = site.one(number)
    assert gone["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert "PublicIpAddress" not in gone
    assert gone.get("NetworkInterfaces", []) == []
    listed = site.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    assert card not in [one["NetworkInterfaceId"] for one in listed]
    assert address not in str(listed)
    assert site.leaves(number) == []


def test_one_launched_to_be_stopped_stops_and_keeps_its_interface(site: Any) -> None:
    number = site.run(InstanceInitiatedShutdownBehavior="stop")
    card = site.up(number)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    site.shell(number, "shutdown now || :")
    site.until(lambda: site.state(number) == "stopped")
    stopped = site.one(number)
    assert stopped["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert stopped["NetworkInterfaces"][0]["NetworkInterfaceId"] == card


def test_a_shutdown_in_time_is_one_that_the_last_word_counts_for(site: Any) -> None:
    number = site.run()
    site.up(number)
    for words in ("-h +120", "-P 23:59", "-r +5"):
        site.shell(number, f"shutdown {words}")
        assert site.shell(number, f"{TIMERS} | grep -c scheduled-shutdown") == "1"
    show = "systemctl show --property=ExecStart scheduled-shutdown.service"
    assert "systemctl reboot" in site.shell(number, show)
    site.shell(number, "shutdown -c")
    assert site.shell(number, TIMERS) == ""
    assert site.shell(number, "shutdown tomorrow 2>&1 || echo refused").endswith("refused")
    assert site.state(number) == "running"
