# SPDX-License-Identifier: GPL-3.0-or-later
"""A million views of the campaign page, side by side with nginx as the distribution sets it up.

`make site` comes first. On each host that serves, a second nginx gets the configuration of Debian's
own package in front of the same application; a second listener of the balancer leads there. `ab` of
Apache asks for both in turn, a bounded number of times, from the internet of the sandbox. Meanwhile
pledges are posted, and it is measured how long the page takes to show them.
"""

from __future__ import annotations

import argparse
import json
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import boto3

from sandbox.background import Background
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.running import CHECKOUT

REGION = "us-east-1"
NAME = "shop.example.com"
PLAIN, PLAIN_LISTENER, APPLICATION = 8081, 8443, 8000
CLIENTS = 64
HOSTS = 2  # between which the views are shared
ROUNDS = 2
LEAST_RATIO = 5.0
# What examples/crowdfund declares, and the second that nginx may add, which counts whole ones.
KEPT_SECONDS = 1.0 + 1.0
LOOK_LONGER = 0.5  # seconds for which the total is looked at when it must show a pledge
PAUSE = 0.02  # seconds between looks
# What the package would install, with a server of its own beside the one that is there.
PLAIN_NGINX = f"""
set -e
cd "$(mktemp -d)" && apt-get -qq update && apt-get -qq download nginx-common
dpkg-deb --fsys-tarfile nginx-common_*.deb | tar -x ./etc/nginx ./usr/share/nginx
mkdir -p /etc/nginx-plain && cp -r etc/nginx/. /etc/nginx-plain
cat > /etc/nginx-plain/sites-enabled/default <<'EOF'
server {{
    listen {PLAIN};
    location / {{
        proxy_pass http://127.0.0.1:{APPLICATION};
        proxy_set_header Host $host;
    }}
}}
EOF
sed -i 's#/run/nginx.pid#/run/nginx-plain.pid#; s#/etc/nginx/#/etc/nginx-plain/#' \\
  /etc/nginx-plain/nginx.conf
sed -i 's#/var/log/nginx/#/var/log/nginx/plain-#' /etc/nginx-plain/nginx.conf
systemctl is-active -q nginx-plain || systemd-run -q --unit nginx-plain \\
  nginx -c /etc/nginx-plain/nginx.conf -g 'daemon off;'
"""
NO_MORE = "systemctl stop nginx-plain; rm -rf /etc/nginx-plain"


@dataclass(frozen=True, slots=True)
class Measured:
    """What `ab` says of one round. Seconds; requests a second; milliseconds."""

    requests: int
    seconds: float
    rate: float
    median: int
    p99: int
    longest: int
    errors: int


@dataclass(frozen=True, slots=True)
class Place:
    """The sandbox, and where its home site serves."""

    identity: Identity
    balancer: Mapping[str, Any]
    containers: tuple[str, ...]
    hosts: tuple[str, ...]
    keys: Mapping[str, str]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.keys["endpoint_url"],
            aws_access_key_id=self.keys["access_key"],
            aws_secret_access_key=self.keys["secret_key"],
        )


def place() -> Place:
    """Raises RuntimeError where no sandbox with an application runs."""
    folder = CHECKOUT / ".sandbox"
    background = Background(folder)
    found = background.status()
    if found is None or not found["real"]:
        raise RuntimeError("there is nothing to load: make site starts it, where hosts can be real")
    client = background.client(found["endpoint"])
    home = [b for b in client.call("GET", "balancers") if b["name"].startswith("production-home")]
    healthy = {t["id"] for b in home for t in b["targets"] if t["health"] == "healthy"}
    hosts = [host for host in client.call("GET", "hosts") if host["id"] in healthy]
    if len(hosts) < HOSTS:
        raise RuntimeError(
            f"{len(hosts)} of {HOSTS} hosts serve: make status says how they are, and make site "
            "launches them"
        )
    return Place(
        Identity(folder),
        home[0],
        tuple(host["container"] for host in hosts),
        tuple(host["id"] for host in hosts),
        json.loads((folder / "connection.json").read_text("ascii")),
    )


@contextmanager
def plain(there: Place) -> Iterator[None]:
    """The distribution's nginx on every host, and a way to it through the same balancer."""
    podman, elb, ec2 = Podman(there.identity), there.client("elbv2"), there.client("ec2")
    for container in there.containers:
        podman("exec", "--interactive", container, "sh", given=PLAIN_NGINX)
    groups = {
        one["GroupName"].rpartition("-")[2]: one["GroupId"]
        for one in ec2.describe_security_groups()["SecurityGroups"]
        if one["GroupName"].startswith("production-home-")
    }
    rules = (
        (groups["balancer"], "ingress", PLAIN_LISTENER, {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}),
        (groups["balancer"], "egress", PLAIN, _peer(groups["web"])),
        (groups["web"], "ingress", PLAIN, _peer(groups["balancer"])),
    )
    [balancer] = elb.describe_load_balancers(Names=[there.balancer["name"]])["LoadBalancers"]
    arn = balancer["LoadBalancerArn"]
    [https] = [
        one
        for one in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        if one["Port"] == 443
    ]
    [target] = elb.create_target_group(
        Name="load-plain",
        Protocol="HTTP",
        Port=PLAIN,
        VpcId=balancer["VpcId"],
        HealthCheckPath="/live",
    )["TargetGroups"]
    target_arn, listener = target["TargetGroupArn"], ""
    try:
        for group, way, port, peer in rules:
            _rule(ec2, f"authorize_security_group_{way}", group, port, peer)
        elb.register_targets(
            TargetGroupArn=target_arn, Targets=[{"Id": host} for host in there.hosts]
        )
        [made] = elb.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTPS",
            Port=PLAIN_LISTENER,
            Certificates=https["Certificates"],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": target_arn}],
        )["Listeners"]
        listener = made["ListenerArn"]
        elb.get_waiter("target_in_service").wait(TargetGroupArn=target_arn)
        yield
    finally:
        if listener:
            elb.delete_listener(ListenerArn=listener)
        elb.delete_target_group(TargetGroupArn=target_arn)
        for group, way, port, peer in rules:
            _rule(ec2, f"revoke_security_group_{way}", group, port, peer)
        for container in there.containers:
            podman("exec", container, "sh", "-c", NO_MORE)


def _peer(group: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": group}]}


def _rule(ec2: Any, what: str, group: str, port: int, peer: Mapping[str, Any]) -> None:
    getattr(ec2, what)(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}],
    )


def load(there: Place, port: int, count: int) -> Measured:
    """So many views of the page through one node of the balancer. Raises RuntimeError."""
    node = next(one["public"] for one in there.balancer["nodes"] if one["public"])
    inside = ["ip", "netns", "exec", there.identity.name("internet")]
    command = [
        "ab",
        "-q",
        "-k",
        "-l",
        "-r",
        "-n",
        str(count),
        "-c",
        str(CLIENTS),
        "-H",
        f"Host: {NAME}",
    ]
    done = subprocess.run(
        [*inside, *command, f"https://{node}:{port}/"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"ab ended with {done.returncode}: {done.stderr[-500:]}")
    return measured(done.stdout)


def measured(text: str) -> Measured:
    """What the report of `ab` says."""

    def number(pattern: str, otherwise: str = "") -> float:
        found = re.search(pattern, text, re.MULTILINE)
        return float(found[1] if found else otherwise)

    return Measured(
        requests=int(number(r"^Complete requests:\s+(\d+)")),
        seconds=number(r"^Time taken for tests:\s+([\d.]+)"),
        rate=number(r"^Requests per second:\s+([\d.]+)"),
        median=int(number(r"^\s+50%\s+(\d+)")),
        p99=int(number(r"^\s+99%\s+(\d+)")),
        longest=int(number(r"^\s+100%\s+(\d+)")),
        errors=int(
            number(r"^Failed requests:\s+(\d+)") + number(r"^Non-2xx responses:\s+(\d+)", "0")
        ),
    )


class Pledger(threading.Thread):
    """Posts a pledge now and then, and looks at the total until any host must show it.

    delays: seconds until it was shown first. missed: seconds after which a look began that did not
    show it, the longest of each pledge: that hangs on what is kept, not on the load.
    """

    def __init__(self, there: Place) -> None:
        super().__init__(daemon=True)
        [self._url] = [one["url"] for one in there.balancer["listeners"] if one["port"] == 443]
        self._context = ssl._create_unverified_context()
        self.over = threading.Event()
        self.delays: list[float] = []
        self.missed: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.5):
            try:
                self._pledge()
            except (OSError, HTTPException, ValueError) as error:
                self.errors.append(repr(error))

    def _pledge(self) -> None:
        before = self._total()["backers"]
        self._post()
        posted = asked = time.monotonic()
        delay, missed = 0.0, 0.0
        # Each host keeps answers of its own, and any of them may be asked.
        while asked < posted + KEPT_SECONDS + LOOK_LONGER:
            if self._total()["backers"] <= before:
                missed = asked - posted
            else:
                delay = delay or time.monotonic() - posted
            time.sleep(PAUSE)
            asked = time.monotonic()
        self.missed.append(missed)
        if delay:
            self.delays.append(delay)
        else:
            self.errors.append(f"a pledge was not shown within {asked - posted:.1f} s")

    def _total(self) -> dict[str, Any]:
        return dict(json.loads(self._ask("/total")))

    def _post(self) -> None:
        content = {"amount_cents": 500, "email": "ada@example.com", "name": "Ada"}
        self._ask("/pledges", json.dumps(content).encode())

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        headers = {
            "Host": NAME,
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        request = urllib.request.Request(f"{self._url}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=30, context=self._context) as answer:
            return bytes(answer.read())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=1_000_000)
    parser.add_argument("--plain-views", type=int, default=10_000, help="of the default nginx")
    given = parser.parse_args()
    there = place()
    ours: list[Measured] = []
    theirs: list[Measured] = []
    pledgers: list[Pledger] = []
    with plain(there):
        for _ in range(ROUNDS):
            theirs.append(load(there, PLAIN_LISTENER, given.plain_views // ROUNDS))
            pledgers.append(Pledger(there))
            pledgers[-1].start()
            ours.append(load(there, 443, given.views // ROUNDS))
            pledgers[-1].over.set()
            pledgers[-1].join()
    return report(ours, theirs, pledgers)


def report(ours: list[Measured], theirs: list[Measured], pledgers: list[Pledger]) -> int:
    """Prints what was measured; 1 where less was reached than is promised."""
    for name, rounds in (
        ("as role web_host sets it up", ours),
        ("as the distribution does", theirs),
    ):
        for one in rounds:
            print(
                f"{name}: {one.requests} views in {one.seconds:.1f} s, {one.rate:.0f}/s, "
                f"p50 {one.median} ms, p99 {one.p99} ms, {one.errors} errors"
            )
    ratio = _rate(ours) / _rate(theirs)
    delays = [delay for one in pledgers for delay in one.delays]
    troubles = [text for one in pledgers for text in one.errors]
    missed = max((one for pledger in pledgers for one in pledger.missed), default=0.0)
    print(f"{ratio:.1f} times the rate of the default")
    print(f"{len(delays)} pledges meanwhile, seen after at most {max(delays, default=0.0):.2f} s")
    print(f"whoever asked later than {missed:.2f} s after one saw it, whichever host answered")
    errors = sum(one.errors for one in (*ours, *theirs)) + len(troubles)
    is_old = missed > KEPT_SECONDS
    failed = [
        *([f"{errors} errors {troubles[:3]}"] if errors else []),
        *([f"less than {LEAST_RATIO} times the default"] if ratio < LEAST_RATIO else []),
        *([] if delays else ["no pledge was seen"]),
        *([f"a pledge was missed after more than {KEPT_SECONDS:g} s"] if is_old else []),
    ]
    for text in failed:
        print(f"not as promised: {text}")
    return 1 if failed else 0


def _rate(rounds: list[Measured]) -> float:
    return sum(one.requests for one in rounds) / sum(one.seconds for one in rounds)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as problem:
        sys.exit(f"load: {problem}")
