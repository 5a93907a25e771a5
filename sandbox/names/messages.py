# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries and answers in the protocol of DNS (RFC 1035, and EDNS, RFC 6891)."""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from sandbox.names.lookup import Answer, Values

_PLAIN_LIMIT = 512  # bytes in a datagram to somebody who speaks no EDNS
_LIMIT = 1232  # to anybody else, https://www.dnsflagday.net/2020/
_STREAM_LIMIT = 65535
_UNSERVED = frozenset({"AXFR", "IXFR", "MAILA", "MAILB"})

Ask = Callable[[str, str], Answer]


def reply(query: bytes, ask: Ask, stream: bool) -> bytes | None:
    """The bytes that answer a query, None for what is not to be answered.

    ask: what a name and a type answer. stream: over TCP, where nothing is cut short.
    """
    try:
        asked = dns.message.from_wire(query)
    except dns.exception.DNSException:
        return _malformed(query)
    if asked.flags & dns.flags.QR:
        return None
    told = dns.message.make_response(asked, recursion_available=True, our_payload=_LIMIT)
    if asked.opcode() != dns.opcode.QUERY:
        told.set_rcode(dns.rcode.NOTIMP)
    elif len(asked.question) != 1:
        told.set_rcode(dns.rcode.FORMERR)
    else:
        _fill(told, ask)
    limit = _PLAIN_LIMIT if asked.edns < 0 else min(max(asked.payload, _PLAIN_LIMIT), _LIMIT)
    return told.to_wire(max_size=_STREAM_LIMIT if stream else limit, prefer_truncation=True)


def _fill(told: dns.message.Message, ask: Ask) -> None:
    [question] = told.question
    kind = dns.rdatatype.to_text(question.rdtype)
    if question.rdclass != dns.rdataclass.IN or kind in _UNSERVED:
        told.set_rcode(dns.rcode.REFUSED)
        return
    answer = ask(question.name.to_text(), kind)
    told.set_rcode(dns.rcode.from_text(answer.code))
    if answer.authoritative:
        told.flags |= dns.flags.AA
    for section, found in ((told.answer, answer.answers), (told.authority, answer.authority)):
        for one in found:
            try:
                section.append(_written(one))
            except dns.exception.DNSException:
                # A value that is none of its type, which Route 53 would not have taken.
                told.set_rcode(dns.rcode.SERVFAIL)


def _written(one: Values) -> dns.rrset.RRset:
    """A record set; names in it are complete, with a final dot or without, as Route 53 has it."""
    return dns.rrset.from_text_list(
        one.name, one.ttl, "IN", one.kind, one.values, origin=dns.name.root, relativize=False
    )


def _malformed(query: bytes) -> bytes | None:
    """The answer to what is no message: that it is none, if at least its number can be read."""
    if len(query) < 12 or query[2] & 0x80:
        return None
    return query[:2] + bytes([0x80, dns.rcode.FORMERR]) + bytes(8)
