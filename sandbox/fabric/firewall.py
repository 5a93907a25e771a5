# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches whom: rules of nftables, out of a picture.

In a router every packet goes through two chains: `leave` asks the groups of its sender, `enter`
those of its receiver. Connections are tracked as AWS does it (Amazon EC2 user guide, "Security
group connection tracking"): a connection that was let in goes on when its rule is removed, and so
do its answers. One that TCP or UDP makes by a rule for all addresses, where the other direction is
all open too, is not tracked: each of its packets is judged by the rules of its own moment, so it
ends with the rule. Two bits of the connection's mark say at which end it is not tracked.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.fabric.names import ENDPOINT, INTERNET, METADATA, bridge, cable, outlet
from sandbox.fabric.picture import Card, Group, Picture, Rule, Vpc, all_open, anywhere

TABLE = "fabric"
_AT_SENDER, _AT_RECEIVER = 1, 2
# Replaced as a whole, in one transaction; the first line makes the second one possible.
_ANEW = f"table inet {TABLE}\ndelete table inet {TABLE}\n"

CLOSED = f"""{_ANEW}table inet {TABLE} {{
    chain input {{
        type filter hook input priority filter; policy drop;
    }}
    chain forward {{
        type filter hook forward priority filter; policy drop;
    }}
}}
"""
# A NAT gateway: what it forwards gets its own address, and it is itself reached by nobody.
NAT = f"""{_ANEW}table inet {TABLE} {{
    chain input {{
        type filter hook input priority filter; policy drop;
    }}
    chain departing {{
        type nat hook postrouting priority srcnat;
        oifname "eth0" masquerade
    }}
}}
"""


def ruleset(picture: Picture, vpc: Vpc) -> str:
    """All rules of a VPC's router, as `nft -f` reads them."""
    if vpc.dark:
        return CLOSED
    peers = picture.peers(vpc)
    natting = {gateway.card.address for gateway in vpc.nat_gateways}
    cards = [card for card in vpc.cards if card.address not in natting]
    bundles = sorted({card.groups for card in cards})
    known = {group.id: group for group in vpc.groups}
    parts = [
        _set(
            "owners", "ifname . ipv4_addr", (f'"{cable(c.address)}" . {c.address}' for c in cards)
        ),
        _set("gateways", "ifname", (f'"{cable(address)}"' for address in natting)),
        _set("outside", "ifname", _outside(vpc, peers)),
        _set("published", "ipv4_addr", (card.address for card in vpc.cards if card.public)),
        *(_members(vpc, peers, group) for group in _named(vpc.groups)),
        *_bundle_chains(bundles, known),
        _untracked("sender", _AT_SENDER),
        _untracked("receiver", _AT_RECEIVER),
        _input(),
        _leave(vpc, peers, cards, bundles),
        _enter(cards, bundles),
        *_translations(vpc),
    ]
    return f"{_ANEW}table inet {TABLE} {{\n{''.join(parts)}}}\n"


def internet(picture: Picture) -> str:
    """The rules of the internet: nothing between regions whose line is cut."""
    lines = [
        f'iifname "{outlet(one.id)}" oifname "{outlet(other.id)}" drop'
        for one in picture.vpcs
        for other in picture.vpcs
        if one.gateway and other.gateway and picture.severed(one.region, other.region)
    ]
    head = ["type filter hook forward priority filter; policy accept;"]
    closed = _chain("input", ["type filter hook input priority filter; policy accept;"])
    return f"{_ANEW}table inet {TABLE} {{\n{closed}{_chain('forward', head + lines)}}}\n"


def rule_lines(rule: Rule, side: str, untracked: frozenset[str], verdict: str) -> list[str]:
    """A rule of a group as lines of a chain.

    side: `saddr` for what comes in, `daddr` for what goes out. untracked: the protocols whose other
    direction is all open. verdict: what is done with a packet whose connection is not tracked.
    """
    found = []
    for other in _others(rule, side):
        open_here = untracked if anywhere(rule) and other == "" else frozenset()
        for what, protocol in _kinds(rule, open_here):
            does = verdict if protocol in open_here else "accept"
            found.append(" ".join(filter(None, (what, other, does))))
    return found


def _others(rule: Rule, side: str) -> list[str]:
    if rule.group:
        return [f"ip {side} @{_group_set(rule.group)}"]
    return ["" if network.endswith("/0") else f"ip {side} {network}" for network in rule.networks]


def _kinds(rule: Rule, open_here: frozenset[str]) -> list[tuple[str, str]]:
    """What a rule says of protocol and ports, once for each protocol that is handled by itself."""
    if rule.protocol == "-1":
        alone = [(f"meta l4proto {protocol}", protocol) for protocol in sorted(open_here)]
        return [*alone, ("", "")]
    if rule.protocol in ("tcp", "udp"):
        return [(_ports(rule), rule.protocol)]
    if rule.protocol == "icmp":
        kind = f"icmp type {rule.low}" if rule.low >= 0 else "meta l4proto icmp"
        return [(kind + (f" icmp code {rule.high}" if min(rule.low, rule.high) >= 0 else ""), "")]
    return [(f"meta l4proto {rule.protocol}", "")]


def _ports(rule: Rule) -> str:
    if rule.low <= 0 and rule.high >= 65535:
        return f"meta l4proto {rule.protocol}"
    ports = str(rule.low) if rule.low == rule.high else f"{rule.low}-{rule.high}"
    return f"{rule.protocol} dport {ports}"


def _bundle_chains(bundles: list[tuple[str, ...]], known: dict[str, Group]) -> Iterable[str]:
    """For each combination of groups a chain of what comes in, and one of what goes out."""
    for number, bundle in enumerate(bundles):
        groups = [known[name] for name in bundle if name in known]
        ingress = tuple(rule for group in groups for rule in group.ingress)
        egress = tuple(rule for group in groups for rule in group.egress)
        for name, rules, back, side, end in (
            ("in", ingress, egress, "saddr", "receiver"),
            ("out", egress, ingress, "daddr", "sender"),
        ):
            untracked = frozenset(p for p in ("tcp", "udp") if all_open(back, p))
            lines = [
                line
                for rule in rules
                for line in rule_lines(rule, side, untracked, f"goto untracked_{end}")
            ]
            yield _chain(f"{name}_{number}", list(dict.fromkeys(lines)))


def _untracked(end: str, bit: int) -> str:
    return _chain(f"untracked_{end}", [f"ct state new ct mark set ct mark | {bit}", "accept"])


def _input() -> str:
    # AWS's own answers are beyond all security groups.
    return _chain(
        "input",
        [
            "type filter hook input priority filter; policy drop;",
            'iifname "lo" accept',
            "ct state established,related accept",
            "iifname . ip saddr != @owners drop",
            "meta l4proto { tcp, udp } th dport 53 accept",
            f"ip daddr {{ {METADATA}, {ENDPOINT} }} tcp dport 80 accept",
        ],
    )


def _leave(
    vpc: Vpc, peers: dict[str, Vpc], cards: list[Card], bundles: list[tuple[str, ...]]
) -> str:
    off = [subnet.network for subnet in vpc.subnets if subnet.cut_off]
    lines = ["type filter hook forward priority filter; policy drop;"]
    lines += [f"ip {side} {network} drop" for network in off for side in ("saddr", "daddr")]
    for number, peer in sorted(peers.items()):
        theirs = ", ".join(peer.networks)
        lines.append(f'iifname "{bridge(number)}" ip saddr != {{ {theirs} }} drop')
    # Without a public address nothing goes through an internet gateway.
    lines.append(f'oifname "{INTERNET}" ip saddr != @published drop')
    lines += ["iifname @outside accept", "iifname @gateways accept"]
    lines.append("iifname . ip saddr != @owners drop")
    lines += _tracked(original=_AT_SENDER, reply=_AT_RECEIVER)
    lines += _by_address("saddr", "out", cards, bundles)
    return _chain("leave", lines)


def _enter(cards: list[Card], bundles: list[tuple[str, ...]]) -> str:
    return _chain(
        "enter",
        [
            "type filter hook forward priority filter + 10; policy drop;",
            "oifname @outside accept",
            "oifname @gateways accept",
            *_tracked(original=_AT_RECEIVER, reply=_AT_SENDER),
            *_by_address("daddr", "in", cards, bundles),
        ],
    )


def _tracked(original: int, reply: int) -> list[str]:
    """Let pass what belongs to a connection that is tracked at the end in question."""
    return [
        f"ct direction {direction} ct mark & {bit} == 0 ct state established,related accept"
        for direction, bit in (("original", original), ("reply", reply))
    ]


def _by_address(
    side: str, chain: str, cards: list[Card], bundles: list[tuple[str, ...]]
) -> list[str]:
    to = [f"{c.address} : jump {chain}_{bundles.index(c.groups)}" for c in cards]
    return [f"ip {side} vmap {{ {', '.join(to)} }}"] if to else []


def _translations(vpc: Vpc) -> list[str]:
    """An internet gateway is a translation, one to one, of public into private addresses."""
    pairs = [(card.public, card.address) for card in vpc.cards if card.public]
    if not vpc.gateway or not pairs:
        return []
    inwards = ", ".join(f"{public} : {private}" for public, private in pairs)
    outwards = ", ".join(f"{private} : {public}" for public, private in pairs)
    return [
        _chain(
            "arriving",
            [
                "type nat hook prerouting priority dstnat;",
                f'iifname "{INTERNET}" dnat ip to ip daddr map {{ {inwards} }}',
            ],
        ),
        _chain(
            "departing",
            [
                "type nat hook postrouting priority srcnat;",
                f'oifname "{INTERNET}" snat ip to ip saddr map {{ {outwards} }}',
            ],
        ),
    ]


def _outside(vpc: Vpc, peers: dict[str, Vpc]) -> list[str]:
    ways = [f'"{bridge(number)}"' for number in sorted(peers)]
    return [f'"{INTERNET}"', *ways] if vpc.gateway else ways


def _named(groups: Iterable[Group]) -> list[str]:
    """The groups that rules name."""
    rules = [rule for group in groups for rule in (*group.ingress, *group.egress)]
    return sorted({rule.group for rule in rules if rule.group})


def _members(vpc: Vpc, peers: dict[str, Vpc], group: str) -> str:
    near = [other for other in peers.values() if other.region == vpc.region]
    addresses = {address for place in (vpc, *near) for address in place.members(group)}
    return _set(_group_set(group), "ipv4_addr", addresses)


def _group_set(group: str) -> str:
    return f"members_{group.replace('-', '_')}"


def _set(name: str, kind: str, elements: Iterable[str]) -> str:
    listed = ", ".join(sorted(elements))
    filled = f"        elements = {{ {listed} }}\n" if listed else ""
    return f"    set {name} {{\n        type {kind}\n{filled}    }}\n"


def _chain(name: str, lines: list[str]) -> str:
    body = "".join(f"        {line}\n" for line in lines)
    return f"    chain {name} {{\n{body}    }}\n"
