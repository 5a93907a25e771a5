#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module database: keep the PostgreSQL database of a site as declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: Keep the PostgreSQL database of a site as declared
version_added: 0.1.0
description:
  - At the site that stands home, an encrypted primary on PostgreSQL with backups, forced TLS and
    protection against deletion. At the recovery site, a replica of it with a key, groups and
    settings of its own region.
  - A change is asked for at once, not for the next maintenance window. A parameter that needs a
    restart waits for one; the fact C(pending_reboot) names its group. Restart it
    when that suits you, with C(aws rds reboot-db-instance). A new replica is restarted once, for
    AWS gives a replica its parameter group only after it was made.
  - The master password comes from the secret of M(operatingdev.phoenix.storage) when the primary
    is made. It is no option here.
  - A database is never removed or replaced by an edit of the declaration. One that was promoted
    is reported.
  - What is within the database, from O(extensions) on, is only checked by this module. Role
    C(database) sets it up, by its tasks C(configure), on a host that reaches the server.
notes:
  - Needs the key and the secret of M(operatingdev.phoenix.storage), and the subnets and groups of
    M(operatingdev.phoenix.network), which are run before.
  - The order is storage, network, database, traffic, web_tier. Where an object of an earlier one is
    missing, a task that waits fails before it writes anything and names what to run first. A check
    only warns, for an earlier task that was checked as well may make it.
  - Module M(operatingdev.phoenix.site) runs all of them.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
options:
  engine_version:
    description:
      - PostgreSQL version, major or major.minor, from 14 to 18. AWS upgrades minor versions by
        itself, and a later minor version than declared is no difference.
      - The major version is fixed for the life of a database. For another one, declare a second
        environment with it and move the data there.
    type: str
    default: "16"
  instance_class:
    description:
      - Class of the instance, the same at both sites.
    type: str
    default: db.t4g.medium
  storage_gb:
    description:
      - Storage in GiB, from 20 to 65536. It grows by itself and cannot shrink. Less than was
        declared before is refused; the tag C(phoenix:storage) keeps what that was.
    type: int
    default: 50
  max_storage_gb:
    description:
      - Up to how many GiB the storage grows by itself, at least a tenth more than O(storage_gb).
    type: int
    default: 200
  backup_days:
    description:
      - How many days backups are kept, from 1 to 35, the same at both sites.
    type: int
    default: 7
  backup_window:
    description:
      - Time of the day, in UTC, for the daily backup. It must not overlap O(maintenance_window).
    type: str
    default: "02:00-03:00"
  maintenance_window:
    description:
      - Time of the week, in UTC, in which AWS may upgrade.
    type: str
    default: "sun:04:00-sun:05:00"
  multi_az:
    description:
      - Whether the primary has a standby in a second zone.
    type: bool
    default: true
  replica_multi_az:
    description:
      - Whether the replica has a standby in a second zone.
    type: bool
    default: false
  deletion_protection:
    description:
      - Whether AWS refuses to delete the instance.
    type: bool
    default: true
  final_snapshot:
    description:
      - Whether the deletion of the primary leaves a last snapshot. Where V(false), nothing of its
        data stays, its automated backups included. A tag of the instance keeps it, so a teardown
        knows it, whatever is declared then.
    type: bool
    default: true
  parameters:
    description:
      - PostgreSQL parameters besides those that Phoenix sets itself. Passwords are refused.
    type: dict
    default: {}
  restore:
    description:
      - What the primary is made of, where it is not there yet. C(snapshot) is the name of a
        snapshot in the region of the site that serves. Or C(backup) is the ARN of automated
        backups there, or C(instance) the name of a primary that stands there, and C(time)
        V(latest), as where it is left out, or a time in UTC as in V(2026-11-28T10:15:00Z).
      - C(key) is the ARN of the key of the copy, where that is not the one of the site. It becomes
        that of the database, and is declared as long as the database stands.
      - A database that stands is not compared with the rest of it. Major version and master user of
        the copy are to be those that are declared, and so is its key. Its password becomes that of
        the secret.
    type: dict
    default: {}
  extensions:
    description:
      - Extensions of PostgreSQL by name, which are made where they are not there. One that is no
        longer declared stays.
    type: list
    elements: str
    default: []
  connections_per_host:
    description:
      - Connections that a host of the application opens at the most. Each of its users may open as
        many as all hosts would, also those that an instance refresh adds; the instance must have
        that many.
    type: int
    default: 10
  statement_seconds:
    description:
      - Seconds after which a statement of the application is given up.
    type: int
    default: 30
  lock_seconds:
    description:
      - Seconds after which the application gives up waiting for a lock.
    type: int
    default: 5
  idle_transaction_seconds:
    description:
      - Seconds after which a session that does nothing within a transaction is ended.
    type: int
    default: 60
  migration_statement_seconds:
    description:
      - Seconds after which a statement of a migration is given up. At most 5400, because migrations
        run on the builder, which ends itself after two hours.
    type: int
    default: 3600
  migration_lock_seconds:
    description:
      - Seconds after which a migration gives up waiting for a lock. All that come after it wait as
        long.
    type: int
    default: 5
  reader_statement_seconds:
    description:
      - Seconds after which a statement of whoever only reads is given up.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: The storage of the home site comes first
  operatingdev.phoenix.storage: &site
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home

- name: Then its network
  operatingdev.phoenix.network:
    <<: *site

- name: The database of the home site
  operatingdev.phoenix.database:
    <<: *site

- name: A larger one that is started and not waited for
  operatingdev.phoenix.database:
    environment: "{{ phoenix_environment }}"
    account_id: "{{ phoenix_account_id }}"
    sites: "{{ phoenix_sites }}"
    site: "{{ inventory_hostname }}"
    instance_class: db.r6g.large
    storage_gb: 200
    max_storage_gb: 1000
    parameters:
      work_mem: "16384"
    wait: false
"""

RETURN = r"""
actions:
  description: Every object that is created, changed, replaced or removed, or would be.
  returned: always
  type: list
  elements: dict
  sample:
    - address: db_instance/main
      site: home
      tier: database
      kind: db_instance
      action: create
      changes: []
      values: {instance_class: db.t4g.medium}
counts:
  description: How many objects there are of each action.
  returned: always
  type: dict
  sample: {create: 9, change: 0, replace: 0, destroy: 0}
known:
  description:
    - Identifiers by address of everything that is there and usable.
    - In check mode also what would be created, without identifiers.
  returned: always
  type: dict
notices:
  description:
    - What has to be read before the next step, such as that the snapshot of an earlier database is
      kept while an empty one is made.
  returned: when something was planned
  type: list
  elements: str
waiting:
  description: What is there and not usable yet, with the state AWS reports, and what is deferred.
  returned: always
  type: dict
foreign:
  description: What stands on our objects and is not ours. It is left alone.
  returned: always
  type: list
  elements: str
done:
  description: Addresses of the actions that were executed, in the order in which they ended.
  returned: always
  type: list
  elements: str
"""

from ..module_utils.runner import arguments, run_tier
from ..module_utils.tiers import database

ARGUMENTS = arguments(database.FIELDS)


def main() -> None:
    run_tier(database)


if __name__ == "__main__":
    main()
