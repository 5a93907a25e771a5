#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module staging_copy: as what the next staging copy is declared, and which there are."""

from __future__ import annotations

DOCUMENTATION = r"""
module: staging_copy
short_description: Tell as what the next staging copy of production is declared
version_added: 0.1.0
description:
  - Finds what a copy of production's database can be made of and the image of its release, and
    answers as what an environment is to be declared that is made of them.
  - That environment has one site, which is closed to all sides but for O(visitors), and nothing in
    common with production. Playbook C(staging) builds it, masks it and proves that, and then has
    O(domain) lead to it. There are two names for copies, by turns.
  - Refuses, before anything is touched, what would take production for staging or the other way
    round. A database that is not production's by its own tags, a name that leads to something that
    no refresh has made, an environment of somebody that is called like a copy, a secret of
    production that lets in others, and parameters that name what is production's or move money.
  - At the site of production that stands by it tells that it does, and which copies are left there
    of the time when production was.
  - Writes nothing.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
options:
  mirror:
    description:
      - How environments of copies are called, followed by a dash and V(a) or V(b).
    type: str
    default: staging
  domain:
    description:
      - The name of staging, within the zone of production's.
    type: str
    required: true
  visitors:
    description:
      - The networks from which staging is visited.
    type: list
    elements: str
    required: true
  made_of:
    description:
      - What the copy is made of. V(newest) is the newest snapshot, or automated backup, that AWS
        tells; V(latest) or a time in UTC restores the database that serves to that point; else the
        name of a snapshot of it.
    type: str
    default: newest
  parameters:
    description:
      - The parameters that hosts of staging are told in the place of those of production.
    type: dict
    default: {}
  purpose:
    description:
      - What is to be done with copies. V(refresh) makes the next one, V(return) has the one before
        back, V(expire) removes those whose time is over, and V(abandon) gives up what is under way,
        whatever became of its database.
    type: str
    default: refresh
  keep_hours:
    description:
      - For how many hours the copy stays that served before.
    type: int
    default: 24
  ttl_days:
    description:
      - For how many days a copy serves, unless a new one takes its place.
    type: int
    default: 14
  awake:
    description:
      - The hours in which copies are awake. All day and every day, where nothing of it is given.
    type: dict
    default: {}
    suboptions:
      days:
        description:
          - The days on which they get up.
        type: list
        elements: str
        default: [mon, tue, wed, thu, fri, sat, sun]
      from:
        description:
          - When they get up, as C("07:00"). YAML takes a time for a number, unless it is quoted.
        type: str
        default: "00:00"
      until:
        description:
          - When they go to sleep, C("24:00") at the latest. Before O(awake.from) it is a time of
            the next day, whichever O(awake.days) there are.
        type: str
        default: "24:00"
      zone:
        description:
          - By the clocks of which time zone, as IANA names it.
        type: str
        default: UTC
"""

EXAMPLES = r"""
# Of each site of production: of the one that stands by nothing is made.
- name: Tell what staging is made of
  operatingdev.phoenix.staging_copy:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
      recovery: {region: us-west-2, stands: recovery, cidr: 10.21.0.0/16}
    site: recovery
    traffic: {domain: shop.example.com, zone: example.com}
    domain: staging.example.com
    visitors: [203.0.113.0/24]
"""

RETURN = r"""
needed:
  description: Whether the site is the one that staging is made of.
  returned: success
  type: bool
under_way:
  description: The operation that has not ended, V(refresh) or V(return), else empty.
  returned: success
  type: str
said:
  description: Why it is not the one, else empty.
  returned: success
  type: str
  sample: recovery stands by, staging is made of home
declares:
  description:
    - C(environment), C(site), C(sites), C(copy_of) and C(tags) of the copy, as modules take them;
      what its database is made of as C(restore), in words as C(copy), as of when as C(as_of);
      C(image), the id of the image of its hosts; C(domain) and C(zone); and C(before), to which
      balancer the name led before. C(tags) has one, C(expires-on), with the day in UTC on which
      O(ttl_days) are over; of a refresh that has not ended, since that was begun.
    - It is what is under way, whatever O(purpose) is. Empty at the site that stands by, where
      nothing is asked for, or where there is no such copy.
  returned: success
  type: dict
copies:
  description:
    - Each copy that there is, with C(environment), of which site it is a copy (C(of)), C(serves),
      when it was C(made) and C(until) when it stays in ISO 8601, why it is C(due) to be removed, or
      empty, which operation with it is C(under_way), or empty, whether it is to be C(awake) now,
      how many objects (C(arns)) the account has of it, and as what it is declared (C(declares)), of
      which nothing can be made.
  returned: success
  type: list
  elements: dict
  sample:
    - environment: staging-a
      of: home
      serves: true
      made: "2026-11-28T10:15:00+00:00"
      until: "2026-12-12T10:15:00+00:00"
      due: ""
      under_way: ""
      awake: true
      arns: 61
      declares: {environment: staging-a, site: staging}
"""

from ..module_utils.runner import copy_arguments, run_copy

ARGUMENTS = copy_arguments()


def main() -> None:
    run_copy()


if __name__ == "__main__":
    main()
