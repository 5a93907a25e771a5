# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a node of a load balancer."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.balancers import actions
from sandbox.balancers.access_log import FORMAT
from sandbox.balancers.conditions import conditions
from sandbox.balancers.pages import ERRORS, SERVER, page, title
from sandbox.balancers.wanted import (
    Balancer,
    Check,
    Fixed,
    Forward,
    Group,
    Listener,
    Node,
    Target,
)
from sandbox.balancers.words import word

MAIN = "haproxy.cfg"
STATES = "states"  # the file in which a new process finds what the one before it knew
LOG_ADDRESS, LOG_PORT = "127.0.0.1", 514  # in the node's own namespace
CONTROL = "control"  # the socket over which a process is steered
_CONNECTING = 10  # seconds, AWS's
# Real seconds, however fast time passes: hosts and checks are of this machine.
_LEAST_INTERVAL, _LEAST_TIMEOUT = 1.0, 2.0
_NOWHERE = "127.0.0.1"  # where nothing answers, in a namespace that only a balancer is in
_OLDEST_WORKER = 3600  # seconds for which connections of before a change go on at most
_ALGORITHMS = {
    "round_robin": "roundrobin",
    "least_outstanding_requests": "leastconn",
    "weighted_random": "random",
}
_COOKIE = "AWSALB"
_APP_COOKIE = "AWSALBAPP-0"
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files of a node by name, `MAIN` among them."""

    files: Mapping[str, bytes]


def render(balancer: Balancer, node: Node, speed: float) -> Rendered:
    """What a node's HAProxy is to be; `speed` are the AWS seconds in a second, 0 for at once."""
    lines = [*_process(), *_defaults(balancer)]
    files: dict[str, bytes] = {}
    for listener in balancer.listeners:
        if listener.protocol == "HTTP" or listener.certificates:
            lines += _frontend(balancer, listener, node)
            files |= _files(listener)
    for group in balancer.groups:
        lines += _backends(balancer, group, node, speed)
    lines += ["", f"backend {_NOBODY}", f"    {_unavailable()}"]
    # HAProxy does not run without a listener, as load balancers do.
    lines += ["", "frontend none", "    bind abns@none", f"    default_backend {_NOBODY}"]
    files[MAIN] = ("\n".join(lines) + "\n").encode()
    return Rendered(files)


def servers(balancer: Balancer, group: Group, node: Node) -> tuple[Target, ...]:
    """The targets of a group that a node sends requests to."""
    across = group.attributes.get("load_balancing.cross_zone.enabled") != "false"
    zones = {one.zone for one in balancer.nodes} if across else {node.zone}
    return tuple(target for target in group.targets if target.zone in zones)


def backend(group: Group) -> str:
    """The name under which a group's targets are checked."""
    return f"tg-{group.name}"


def unchecked(name: str) -> str:
    """The name under which the same targets get requests whatever their health."""
    return f"open-{name.removeprefix('tg-')}"


def interval(check: Check, speed: float) -> float:
    """Real seconds between two checks of a target."""
    return max(_LEAST_INTERVAL, check.interval / speed if speed else 0.0)


def patience(check: Check, speed: float) -> float:
    """Real seconds that a check may take."""
    return max(_LEAST_TIMEOUT, check.timeout / speed if speed else 0.0)


def _process() -> Iterator[str]:
    yield "global"
    yield from _indented(
        "default-path config",
        "user haproxy",
        "group haproxy",
        "nbthread 1",
        "maxconn 4000",
        f"hard-stop-after {_OLDEST_WORKER}s",
        f"server-state-file {STATES}",
        f"log {LOG_ADDRESS}:{LOG_PORT} len 16384 format raw local0",
        # For more than is said of it here there is no need, and keys are made for nothing.
        "tune.ssl.default-dh-param 2048",
    )


def _defaults(balancer: Balancer) -> Iterator[str]:
    idle = balancer.attributes.get("idle_timeout.timeout_seconds", "60")
    yield ""
    yield "defaults"
    yield from _indented(
        "mode http",
        "retries 0",
        # A connection that is kept open must not break in the middle of a change.
        "option idle-close-on-response",
        "load-server-state-from-file global",
        f"timeout connect {_CONNECTING}s",
        *(f"timeout {kind} {idle}s" for kind in ("client", "server", "tunnel")),
        *(f"timeout {kind} {idle}s" for kind in ("http-keep-alive", "http-request")),
        *(
            f"http-error status {status} content-type text/html "
            f"string {word(page(title(status)))} hdr Server {SERVER}"
            for status in ERRORS
        ),
    )


def _frontend(balancer: Balancer, listener: Listener, node: Node) -> Iterator[str]:
    yield ""
    yield f"frontend listener-{listener.port}"
    yield from _indented(
        f"bind {node.address}:{listener.port}{_tls(balancer, listener)}",
        *_logging(balancer, listener),
        *_cleaning(balancer),
        *_choosing(listener),
        *_telling(balancer, listener),
        *_sending(balancer, listener),
    )


def _tls(balancer: Balancer, listener: Listener) -> str:
    if listener.protocol != "HTTPS":
        return ""
    protocols = "h2,http/1.1" if balancer.on("routing.http2.enabled") else "http/1.1"
    return f" ssl crt-list {_list(listener)} alpn {protocols} {_versions(listener.policy)}"


def _versions(policy: str) -> str:
    """The TLS versions of a security policy, which are in its name."""
    newest = "" if "TLS13" in policy else " ssl-max-ver TLSv1.2"
    for part, version in (("-1-3-", "1.3"), ("-1-1-", "1.1"), ("-1-2-", "1.2")):
        if part in policy:
            return f"ssl-min-ver TLSv{version}{newest}"
    return f"ssl-min-ver TLSv1.0{newest}"


def _logging(balancer: Balancer, listener: Listener) -> Iterator[str]:
    if not balancer.on("access_logs.s3.enabled"):
        return
    yield "log global"
    yield f"log-format {word(FORMAT)}"
    yield "tcp-request session set-var(sess.id) uuid"
    kept = {
        "created": "date",
        "created_us": "date_us",
        "method": "method",
        "host": "req.hdr(host),json(utf8s)",
        "uri": "pathq,json(utf8s)",
        "agent": "req.fhdr(user-agent),json(utf8s)",
        "scheme": f"str({listener.protocol.lower()})",
        "port": f"str({listener.port})",
    }
    if listener.protocol == "HTTPS":
        kept["certificate"] = "ssl_f_sha1,hex"
        kept["name"] = "ssl_fc_sni,json(utf8s)"
    for name, source in kept.items():
        yield f"http-request set-var(txn.{name}) {source}"
    yield "http-response set-var(txn.target_status) status"


def _cleaning(balancer: Balancer) -> Iterator[str]:
    if balancer.on("routing.http.drop_invalid_header_fields.enabled"):
        yield 'http-request del-header "[^-A-Za-z0-9]" -m reg'


def _choosing(listener: Listener) -> Iterator[str]:
    """The first rule whose conditions hold; then what it says."""
    for rule in listener.rules:
        first = "!{ var(txn.rule) -m found }"
        holds = f"{first} {conditions(rule.conditions)}".rstrip()
        yield f"http-request set-var(txn.rule) int({actions.number(rule)}) if {holds}"
    for rule in listener.rules:
        yield from actions.answers(listener, rule)
    for rule in listener.rules:
        yield from actions.choices(rule)


def _telling(balancer: Balancer, listener: Listener) -> Iterator[str]:
    """What targets are told of the client and of the request."""
    yield from _forwarded_for(balancer)
    yield f"http-request set-header X-Forwarded-Proto {listener.protocol.lower()}"
    yield f"http-request set-header X-Forwarded-Port {listener.port}"
    tls = balancer.on("routing.http.x_amzn_tls_version_and_cipher_suite.enabled")
    if tls and listener.protocol == "HTTPS":
        yield 'http-request set-header X-Amzn-Tls-Version "%[ssl_fc_protocol]"'
        yield 'http-request set-header X-Amzn-Tls-Cipher-Suite "%[ssl_fc_cipher]"'
    header, traced = "X-Amzn-Trace-Id", "{ req.hdr(X-Amzn-Trace-Id) -m found }"
    fresh = "1-%[date,hex,bytes(8,8),lower]-%[uuid,regsub(-,,g),bytes(0,24)]"
    rooted = "{ req.hdr(X-Amzn-Trace-Id) -m sub Root= }"
    other = "%[req.fhdr(X-Amzn-Trace-Id),regsub(Self=[^;]*;?,,g)]"
    yield f'http-request set-var-fmt(txn.fresh) "{fresh}"'
    # With a root there is one already; this balancer adds itself.
    yield f'http-request set-header {header} "Self=%[var(txn.fresh)];{other}" if {rooted}'
    yield f'http-request set-header {header} "Root=%[var(txn.fresh)];{other}" if {traced} !{rooted}'
    yield f'http-request set-header {header} "Root=%[var(txn.fresh)]" if !{traced}'
    if balancer.on("access_logs.s3.enabled"):
        yield f"http-request set-var(txn.trace) req.fhdr({header}),json(utf8s)"


def _forwarded_for(balancer: Balancer) -> Iterator[str]:
    header = "X-Forwarded-For"
    client = "%[src]"
    if balancer.on("routing.http.xff_client_port.enabled"):
        client = "%[src]:%[src_port]"
    match balancer.attributes.get("routing.http.xff_header_processing.mode", "append"):
        case "remove":
            yield f"http-request del-header {header}"
        case "append":
            there = f"{{ req.fhdr({header}) -m found }}"
            yield f'http-request set-var-fmt(txn.before) "%[req.fhdr({header})], " if {there}'
            yield f'http-request set-header {header} "%[var(txn.before)]{client}"'


def _sending(balancer: Balancer, listener: Listener) -> Iterator[str]:
    known = {group.name: group for group in balancer.groups}
    used = [
        name
        for rule in listener.rules
        if isinstance(rule.action, Forward)
        for name, _ in rule.action.groups
    ]
    for name in dict.fromkeys(used):
        chosen = f"{{ var(txn.group) -m str {name} }}"
        least = _least_healthy(known[name])
        few = f"{{ nbsrv(tg-{name}) lt {least} }}"
        yield f"use_backend open-{name} if {chosen} {few}"
        yield f"use_backend tg-{name} if {chosen}"
    yield f"default_backend {_NOBODY}"


def _least_healthy(group: Group) -> int:
    """With fewer healthy targets than these, all get requests."""
    key = "target_group_health.unhealthy_state_routing.minimum_healthy_targets."
    count = int(group.attributes.get(f"{key}count", "1"))
    share = group.attributes.get(f"{key}percentage", "off")
    part = 0 if share == "off" else math.ceil(len(group.targets) * int(share) / 100)
    return max(1, count, part)


def _backends(balancer: Balancer, group: Group, node: Node, speed: float) -> Iterator[str]:
    found = servers(balancer, group, node)
    yield ""
    yield f"backend {backend(group)}"
    if not found:
        yield from _indented(_unavailable())
    else:
        yield from _indented(
            *_common(group, found),
            *_check(group, speed),
            *(f"server {t.server} {_address(t)}{_server(group, t, speed)}" for t in found),
        )
    # Where too few are healthy, all of them get requests: AWS "fails open".
    yield ""
    yield f"backend {unchecked(backend(group))}"
    if not found:
        yield from _indented(_unavailable())
    else:
        secure = _secure(group)
        yield from _indented(
            *_common(group, found), *(f"server {t.server} {_address(t)}{secure}" for t in found)
        )


def _common(group: Group, found: Iterable[Target]) -> Iterator[str]:
    algorithm = group.attributes.get("load_balancing.algorithm.type", "round_robin")
    yield f"balance {_ALGORITHMS.get(algorithm, 'roundrobin')}"
    # No connection to a target: AWS's 502 where it refuses, and 504 where it says nothing at all.
    late = f"%[date,sub(txn.sent),div({_CONNECTING - 1}),iif({title(504)},{title(502)})]"
    text = word(page("@").replace("@", late))
    yield "http-request set-var(txn.sent) date"
    yield f"http-error status 503 content-type text/html lf-string {text} hdr Server {SERVER}"
    unanswered = "{ status 503 } !{ var(txn.answered) -m found }"
    waited = f"{{ date,sub(txn.sent) -m int ge {_CONNECTING - 1} }}"
    yield "http-response set-var(txn.answered) int(1)"
    yield f"http-after-response set-status 504 if {unanswered} {waited}"
    yield f"http-after-response set-status 502 if {unanswered}"
    yield from _sticking(group, found)


def _sticking(group: Group, found: Iterable[Target]) -> Iterator[str]:
    if group.attributes.get("stickiness.enabled") != "true":
        return
    kind = group.attributes.get("stickiness.type", "lb_cookie")
    seconds = int(group.attributes.get(f"stickiness.{kind}.duration_seconds", "86400"))
    by_app = kind == "app_cookie"
    cookie = _APP_COOKIE if by_app else _COOKIE
    for target in found:
        kept = f"{{ req.cook({cookie}) -m str {actions.mark(target.server)} }}"
        yield f"use-server {target.server} if {kept}"
    served = "%[srv_name,sha1,hex,lower]"
    if by_app:
        theirs = group.attributes.get("stickiness.app_cookie.cookie_name", "")
        line = f"{cookie}={served}; Expires=%[date({seconds}),http_date]; Path=/"
        asked = f"{{ res.cook({word(theirs)}) -m found }}"
        yield f"http-response add-header Set-Cookie {word(line)} if {asked}"
    else:
        for line in actions.cookies(cookie, served, seconds):
            yield f"http-response add-header Set-Cookie {word(line)}"


def _check(group: Group, speed: float) -> Iterator[str]:
    check = group.check
    yield f"timeout check {_milliseconds(patience(check, speed))}"
    yield "option httpchk"
    yield (
        f"http-check send meth GET uri {word(check.path)} ver HTTP/1.1 "
        'hdr Host "%[bc_dst]:%[bc_dst_port]" hdr User-Agent ELB-HealthChecker/2.0'
    )
    yield f"http-check expect status {check.codes.replace(' ', '')}"


def _server(group: Group, target: Target, speed: float) -> str:
    check = group.check
    words = [_secure(group), " check"]
    if target.fails:
        words.append(f" addr {_NOWHERE} port 1")
    elif check.port:
        words.append(f" port {check.port}")
    if check.protocol == "HTTPS" and group.protocol != "HTTPS":
        words.append(" check-ssl verify none")
    if check.protocol == "HTTP" and group.protocol == "HTTPS":
        words.append(" no-check-ssl")
    words.append(f" inter {_milliseconds(interval(check, speed))}")
    words.append(f" rise {check.healthy} fall {check.unhealthy}")
    slow = int(group.attributes.get("slow_start.duration_seconds", "0"))
    if slow and speed and slow / speed >= 1.0:
        words.append(f" slowstart {_milliseconds(slow / speed)}")
    return "".join(words)


def _secure(group: Group) -> str:
    """AWS does not look at the certificates of targets either."""
    plain = " proto h2" if group.version in ("HTTP2", "GRPC") else ""
    if group.protocol != "HTTPS":
        return plain
    return " ssl verify none alpn h2" if plain else " ssl verify none"


def _address(target: Target) -> str:
    return (
        f"[{target.address}]:{target.port}"
        if ":" in target.address
        else (f"{target.address}:{target.port}")
    )


def _unavailable() -> str:
    return (
        f"http-request return status 503 content-type text/html string {word(page(title(503)))} "
        f"{actions.DATED}"
    )


def _files(listener: Listener) -> dict[str, bytes]:
    found = {}
    for rule in listener.rules:
        if isinstance(rule.action, Fixed) and rule.action.body:
            found[actions.body_file(listener, rule)] = rule.action.body.encode()
    if listener.protocol == "HTTPS":
        pems = [certificate.pem.encode() for certificate in listener.certificates]
        names = [f"{hashlib.sha256(pem).hexdigest()[:16]}.pem" for pem in pems]
        found |= dict(zip(names, pems, strict=True))
        found[_list(listener)] = "".join(f"{name}\n" for name in names).encode()
    return found


def _list(listener: Listener) -> str:
    return f"certificates-{listener.port}"


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def _indented(*lines: str) -> Iterator[str]:
    return (f"    {line}" for line in lines)
