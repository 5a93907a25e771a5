# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at what is real in a sandbox, and get into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.databases.settings import ADMIN, HOME
from sandbox.hosts.image import USER

Server = Mapping[str, Any]
Balancer = Mapping[str, Any]


class NobodyThere(LookupError):
    """No server, or more than one, is meant; the text says what there is."""


def lines(servers: Iterable[Server]) -> Iterator[str]:
    """One line for each database server, as `GET databases` describes it."""
    for server in servers:
        lag = "" if server["lag"] is None else f", {server['lag']:.1f} s behind"
        yield (
            f"database {server['name']}  {server['zone']}  {server['address']}:{server['port']}  "
            f"{server['health']}{lag}"
        )


def balancer_lines(balancers: Iterable[Balancer]) -> Iterator[str]:
    """For each load balancer, as `GET balancers` describes it, where it is and what it finds."""
    for balancer in balancers:
        yield f"balancer {balancer['name']}  {balancer['dns_name']}"
        for node in balancer["nodes"]:
            places = "  ".join(filter(None, (node["address"], node["public"])))
            yield f"  node {node['zone']}  {places}  {node['health']}"
        for listener in balancer["listeners"]:
            way = f"  from this machine {listener['url']}" if listener["url"] else ""
            yield f"  listener {listener['protocol']}:{listener['port']}{way}"
        for target in balancer["targets"]:
            place = f"{target['id']}:{target['port']}"
            reason = f"  {target['reason']}" if target["reason"] else ""
            yield f"  target {place}  of {target['group']}  {target['health']}{reason}"


def page(balancers: Iterable[Balancer], names: Iterable[Mapping[str, Any]], wanted: str) -> str:
    """Where a browser on this machine sees what a name leads to. Raises NobodyThere."""
    told = {answer for name in names if name["name"] == wanted for answer in name["answers"]}
    for balancer in balancers:
        if told & {node["public"] for node in balancer["nodes"]}:
            ways = {item["protocol"]: item["url"] for item in balancer["listeners"] if item["url"]}
            for protocol in ("HTTPS", "HTTP"):
                if protocol in ways:
                    return f"{ways[protocol]}/ is https://{wanted}/ on this machine"
    raise NobodyThere(f"{wanted} leads to no load balancer; python -m sandbox status lists all")


def host_lines(hosts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One line for each host, as `GET hosts` describes it."""
    for host in hosts:
        name = f"  {host['name']}" if host["name"] else ""
        yield f"host {host['id']}{name}  {host['zone']}  {host['address']}  {host['health']}"


# The lines of what is real, by the endpoint that describes it.
SERVERS: Mapping[str, Callable[[Iterable[Server]], Iterator[str]]] = MappingProxyType(
    {"databases": lines, "hosts": host_lines, "balancers": balancer_lines}
)


def chosen_host(hosts: Iterable[Server], wanted: str) -> Server:
    """The host that is meant: by its instance's id, its address, or its name where one has it.

    Raises NobodyThere.
    """
    listed = list(hosts)
    found = [host for host in listed if wanted in (host["id"], host["address"], host["name"])]
    if len(found) != 1:
        known = ", ".join(f"{host['id']} ({host['address']})" for host in listed) or "none"
        raise NobodyThere(f"HOST={wanted} names {len(found)} hosts; there are: {known}")
    return found[0]


def shell(host: Server, *, terminal: bool) -> tuple[str, ...]:
    """The words after `podman` that open a session as who logs in there."""
    return (*_inside(host, terminal), "su", "--login", USER)


def _inside(server: Server, terminal: bool) -> tuple[str, ...]:
    """terminal: whether the input is one. Given one, the end of another input would not be seen."""
    tty = ("--tty",) if terminal else ()
    return ("exec", "--interactive", *tty, str(server["container"]))


def name_lines(names: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One line for each name, as `GET names` describes it."""
    for name in names:
        told = " ".join(name["answers"]) or "nothing"
        ttl = f" ({name['ttl']} s)" if name["answers"] else ""
        where = f"  in {name['vpc']}" if name["vpc"] else ""
        yield f"name {name['name']}  {name['type']}  {told}{ttl}{where}"


def check_lines(checks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One line for each health check, as `GET checks` describes it."""
    for check in checks:
        state = "healthy" if check["healthy"] else "unhealthy"
        yield f"health check {check['id']}  {check['what']}  {state}  {check['told']}"


def dig(names: str) -> str:
    """The command by which a name is asked for at a place like 127.0.0.1:30000."""
    address, _, port = names.partition(":")
    return f"dig @{address} -p {port} NAME"


def chosen(servers: Iterable[Server], site: str) -> Server:
    """The server that is meant: by its name, its region, or the site in its name.

    Raises NobodyThere.
    """
    listed = list(servers)
    found = [server for server in listed if site in (server["name"], server["region"])]
    found = found or [server for server in listed if f"-{site}-" in f"-{server['name']}-"]
    if len(found) != 1:
        names = ", ".join(str(server["name"]) for server in listed) or "none"
        raise NobodyThere(f"SITE={site} names {len(found)} database servers; there are: {names}")
    return found[0]


def psql(server: Server, database: str, *, terminal: bool) -> tuple[str, ...]:
    """The words after `podman` that open a session as RDS's own superuser."""
    sockets = f"--host={HOME}/socket"
    words = ("psql", sockets, f"--port={server['port']}", f"--username={ADMIN}", database)
    return (*_inside(server, terminal), *words)
