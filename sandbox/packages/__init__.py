# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's packages for the hosts: all that the sandbox's internet has of the one outside.

Hosts ask Debian's own names, which lead to an address in the sandbox's internet (`relay`). What is
asked for there is fetched by this machine's apt from the mirrors that it uses itself (`mirrors`),
and what never changes is kept (`store`).
"""
