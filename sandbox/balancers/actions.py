# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of a listener's rules as HAProxy's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from sandbox.balancers.pages import SERVER, page, title
from sandbox.balancers.wanted import Fixed, Forward, Listener, Redirect, Rule
from sandbox.balancers.words import literal, word

DATED = f'hdr Server {SERVER} hdr Date "%[date,http_date]"'
_PLACE = re.compile(r"#\{(protocol|host|port|path|query)\}")
_GROUP_COOKIE = "AWSALBTG"


def number(rule: Rule) -> int:
    """How a rule is called in logs: its priority, 0 for the default one."""
    return rule.priority or 0


def mark(name: str) -> str:
    """What is in a cookie instead of a name."""
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def cookies(name: str, value: str, seconds: int) -> tuple[str, str]:
    """Log formats of the pair of headers by which AWS sets a cookie of its own."""
    base = f"{value}; Expires=%[date({seconds}),http_date]; Path=/"
    return f"{name}={base}", f"{name}CORS={base}; SameSite=None; Secure"


def body_file(listener: Listener, rule: Rule) -> str:
    """The file with the body of a fixed response."""
    return f"body-{listener.port}-{number(rule)}"


def answers(listener: Listener, rule: Rule) -> Iterator[str]:
    """Lines for a rule that is answered here."""
    here = f"if {{ var(txn.rule) -m int {number(rule)} }}"
    match rule.action:
        case Fixed() as fixed:
            kind = word(fixed.type)
            file = f"content-type {kind} file {body_file(listener, rule)}" if fixed.body else ""
            yield f"http-request return status {fixed.status} {file} {DATED} {here}"
        case Redirect() as redirect:
            query, place = _location(listener, redirect)
            yield f"http-request set-var-fmt(txn.query) {query} {here}"
            yield (
                'http-request set-var-fmt(txn.query) "?%[var(txn.query)]" '
                f"{here} {{ var(txn.query) -m len gt 0 }}"
            )
            yield f"http-request set-var-fmt(txn.redirect) {place} {here}"
            yield (
                f"http-request return status {redirect.status} content-type text/html "
                f'string {word(page(title(redirect.status)))} hdr Location "%[var(txn.redirect)]" '
                f"{DATED} {here}"
            )


def _location(listener: Listener, redirect: Redirect) -> tuple[str, str]:
    scheme = listener.protocol.lower()
    known = {
        "protocol": scheme,
        "host": "%[req.hdr(host),host_only]",
        "port": str(listener.port),
        "path": "%[path,regsub(^/,)]",
        "query": "%[query]",
    }

    def filled(template: str) -> str:
        return _PLACE.sub(lambda found: known[found[1]], literal(template))

    protocol = redirect.protocol.replace("#{protocol}", scheme).lower()
    place = f"{protocol}://{filled(redirect.host)}:{filled(redirect.port)}{filled(redirect.path)}"
    return word(filled(redirect.query)), word(f"{place}%[var(txn.query)]")


def choices(rule: Rule) -> Iterator[str]:
    """Lines that choose the target group of a rule."""
    if not isinstance(rule.action, Forward):
        return
    forward = rule.action
    here = f"{{ var(txn.rule) -m int {number(rule)} }}"
    open_still = "!{ var(txn.group) -m found }"
    if forward.sticky:
        for name, _ in forward.groups:
            stays = f"{{ req.cook({_GROUP_COOKIE}) -m str {mark(name)} }}"
            yield f"http-request set-var(txn.group) str({name}) if {here} {stays}"
    total = sum(weight for _, weight in forward.groups)
    if total:
        yield f"http-request set-var(txn.roll) rand({total}) if {here}"
    below = 0
    for name, weight in forward.groups:
        below += weight
        if weight:
            falls = f"{{ var(txn.roll) -m int lt {below} }}"
            yield f"http-request set-var(txn.group) str({name}) if {here} {open_still} {falls}"
    if forward.sticky:
        yield f'http-request set-var-fmt(txn.mark) "%[var(txn.group),sha1,hex,lower]" if {here}'
        for cookie in cookies(_GROUP_COOKIE, "%[var(txn.mark)]", forward.sticky):
            yield f"http-response add-header Set-Cookie {word(cookie)} if {here}"
