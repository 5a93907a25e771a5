# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that every module has: which environment, which site, and how to run."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment operatingdev.phoenix.environment."""

    DOCUMENTATION = r"""
options:
  environment:
    description:
      - Name of the environment. It is the first part of every name and an owner tag.
    type: str
    required: true
  account_id:
    description:
      - The AWS account that the credentials must belong to. A run stops before its first write
        where they belong to another one.
    type: str
    required: true
  sites:
    description:
      - All sites of the environment by name, each a dictionary.
      - "Required are C(region), C(stands) (V(home) or V(recovery)) and C(cidr), a private network
        of /16 to /20 that overlaps with that of no other site."
      - "Optional are C(zones), letters such as V([a, b, c]), C(nat) (V(per_zone), V(one) or
        V(none) NAT gateways; not V(none) where hosts are of an application, unless the site is
        closed), C(closed) (whether nothing of the site gets out and nobody from outside gets in; by
        default it is not, and one that is stands alone, with C(nat) V(none)), C(visitors) (the
        networks from which a closed one is visited all the same), C(quarantined) (whether hosts of
        a closed one are kept away from its database), C(strategy)
        (V(backup_restore), V(pilot_light) or V(warm_standby)), C(account_id), C(profile) and
        C(role_arn)."
    type: dict
    required: true
  site:
    description:
      - The site that this task is about.
    type: str
    required: true
  application_port:
    description:
      - The port on which the web servers listen, for groups, balancer and hosts alike.
    type: int
    default: 8080
  application_protocol:
    description:
      - What the balancer speaks with the web servers. For V(HTTPS) each host makes itself a
        certificate, which the balancer does not verify, as AWS has it.
      - To be decided before the first host. Hosts of an image that was made for the other one are
        not understood.
    type: str
    choices: [HTTP, HTTPS]
    default: HTTP
  database_port:
    description:
      - The port of the database.
    type: int
    default: 5432
  database_name:
    description:
      - Name of the database that the application uses.
    type: str
    default: application
  database_user:
    description:
      - Name of the master user of the database. Its password is made here and kept in Secrets
        Manager.
    type: str
    default: phoenix_owner
  copy_of:
    description:
      - The C(environment) and the C(site) of which this environment is a copy, as that of a drill
        is. What its operations have to tell is kept there, where it outlives the copy.
    type: dict
    default: {}
  tags:
    description:
      - Tags for every object, besides the owner tags that begin with C(phoenix:). At most 44, as
        AWS allows fifty and up to six are the collection's own.
    type: dict
    default: {}
  purge_tags:
    description:
      - Whether tags that nobody declares are removed. Those of AWS itself stay in any case.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until everything is usable. Without, slow things are only started, what
        depends on them is deferred, and both are listed in C(waiting).
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait at the most. A later run goes on where this one stopped.
    type: int
    default: 5400
  peer_failed:
    description:
      - The other site's run has failed, so nobody waits for what it would have made. Found out by
        itself where the sites are hosts of one play.
    type: bool
    default: false
  peer_absent:
    description:
      - The other site has no part in this run. What only its run makes and is not there is told at
        once, before anything is touched, instead of being awaited.
      - Found out by itself where the sites are hosts and the play leaves the other one out.
    type: bool
    default: false
  isolated:
    description:
      - The region of the other site is given up. Nothing is asked of it, nor of services that are
        one for all regions, of which V(known) has to tell instead. Operations of disaster recovery
        work so.
    type: bool
    default: false
  within:
    description:
      - The id of the operation that this run carries out. While an operation moves the environment,
        nothing else plans.
    type: str
    default: ""
  known:
    description:
      - The C(known) of an earlier task, which saves looking up the same objects again.
    type: dict
    default: {}
  planned:
    description:
      - The result of a module M(operatingdev.phoenix.site_info) task over the same declaration. A
        tier of which it found nothing to do and nothing to wait for is not looked at again; in
        check mode no tier is.
    type: dict
    default: {}
  allow_replace:
    description:
      - Addresses of objects that may be deleted and made anew where AWS cannot change them, or
        V(all). What holds data is never replaced.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode and return the plan without changing anything.
    support: full
  diff_mode:
    description: Returns each changed field with its value before and after.
    support: full
"""
