# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options by which the database of a copy is reached, and what is declared to become of it."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments operatingdev.phoenix.copied and operatingdev.phoenix.copied.rules."""

    DOCUMENTATION = r"""
options:
  login_host:
    description:
      - Name of the database's server.
    type: str
    required: true
  login_port:
    description:
      - Its port.
    type: int
    default: 5432
  login_user:
    description:
      - The user to connect as, who has the rights of whoever owns the tables, and on RDS is the
        master user, or has role C(rds_superuser) otherwise.
    type: str
    required: true
  login_db:
    description:
      - Name of the database.
    type: str
    required: true
  ssl_mode:
    description:
      - How the connection is secured, as libpq has it.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: verify-full
  ca_cert:
    description:
      - A file with the authorities by which the server is known.
    type: str
    default: ""
  login_file:
    description:
      - A file in which libpq looks the password up, as its C(passfile). There is no option for the
        password itself.
    type: str
    default: ""
"""

    RULES = r"""
options:
  copy:
    description:
      - The name of the copy. The comment of the database has to be C(phoenix copy) and this name,
        which whoever restores a copy sets (C(comment on database … is …)) and nobody sets in
        production, so that no mistake in an address has production masked.
    type: str
    required: true
  rules:
    description:
      - By table, C(truncate) or a dictionary of what becomes of each of its columns.
      - A table without a schema is of C(public). A partition is masked as its table is.
      - A column is C(keep), C(null), a method, or a dictionary of C(mask), a method, and its
        options. Columns that are computed of others are left out.
      - The methods for texts are C(email), C(username), C(first_name), C(last_name), C(name),
        C(place), C(address), C(phone), C(text), C(card), C(iban), C(bank_account), C(token),
        C(url), C(file), C(host) and C(ip); the last one is for type C(inet) as well. Each is
        for lists, too.
      - C(uuid) and C(bytes) are for those types. C(date) moves a moment by as many days for all of
        a person, whom the column of option C(by) tells, at most C(days). C(number) is one C(from)
        one C(to) another, with C(places) decimals. C(constant) is the same C(value) for all.
      - C(json) has C(paths) with the method for each, where C([]) stands for the items of a list,
        and C(*) for any other key. Texts that no path names are masked as C(text), whole numbers
        of nine digits or more as C(bank_account); other numbers and truth values are kept.
      - A column or table that no rule names is refused, and nothing is touched.
      - Of Django, Rails, Laravel and WordPress, and what is common beside them, it is known what
        becomes of their own tables; of those only what is to become otherwise has to be named, and
        columns that an application has added.
      - C(host) puts the hosts of staging in the place of those of production, as O(hosts) has them.
    type: dict
    required: true
  hosts:
    description:
      - Names of hosts of production, and what they are called in staging. No text may name one of
        production in the end, but as that of a mail. What one is called may be none of them.
    type: dict
    default: {}
  at_once:
    description:
      - On how many tables it works at the same time; as many as the server has processors is best.
    type: int
    default: 2
"""
