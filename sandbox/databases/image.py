# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a database server: Debian with PostgreSQL, baked once for each recipe."""

from __future__ import annotations

import shlex

from sandbox.databases.settings import HOME, Engine
from sandbox.ground.images import Recipe
from sandbox.ground.podman import Podman

MAJOR = 15
# The number of the user that the server runs as, the same in every image: its files belong to it.
OWNER = 5432
_BIN = f"/usr/lib/postgresql/{MAJOR}/bin"
_SHARE = f"/usr/share/postgresql/{MAJOR}"
_LIBRARIES = f"/usr/lib/postgresql/{MAJOR}/lib"
# What RDS lets its customers create without being a superuser, and PostgreSQL does not.
_TRUSTED = (
    "amcheck bloom dblink earthdistance moddatetime pageinspect pg_buffercache pg_freespacemap "
    "pg_prewarm pg_stat_statements pg_visibility pg_walinspect pgrowlocks pgstattuple "
    "postgres_fdw sslinfo"
)
_BEFORE = f"""
echo 'postgres:x:{OWNER}:{OWNER}::/var/lib/postgresql:/bin/sh' >> "$1/etc/passwd"
echo 'postgres:x:{OWNER}:' >> "$1/etc/group"
mkdir -p "$1/etc/postgresql-common"
echo 'create_main_cluster = false' > "$1/etc/postgresql-common/createcluster.conf"
printf '127.0.0.1 localhost\\n::1 localhost\\n' > "$1/etc/hosts"
"""
# The compiler behind JIT is a third of the image, and no laptop's queries need it.
_AFTER = f"""
chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8
rm -rf "$1"/usr/lib/*/libLLVM* "$1"{_LIBRARIES}/llvmjit* "$1"{_LIBRARIES}/bitcode
for name in {_TRUSTED}; do
    echo 'trusted = true' >> "$1{_SHARE}/extension/$name.control"
done
rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*
"""
RECIPE = Recipe(
    "rds-postgres",
    (f"postgresql-{MAJOR}", "locales"),
    _BEFORE,
    _AFTER,
    (
        f"ENV=PATH={_BIN}:/usr/bin:/bin",
        "ENV=LANG=en_US.UTF-8",
        "USER=postgres",
        "STOPSIGNAL=SIGINT",
        f'CMD=["/bin/sh","{HOME}/start"]',
    ),
)


def engine(podman: Podman) -> Engine:
    """What the image's PostgreSQL knows."""
    script = f"postgres --describe-config; echo ==; ls {shlex.quote(_LIBRARIES)}"
    known, _, found = podman.ask(RECIPE.name, "sh", "-c", script).partition("==\n")
    names = frozenset(line.partition("\t")[0] for line in known.splitlines())
    libraries = (name for name in found.split() if name.endswith(".so"))
    return Engine(names, frozenset(name.removesuffix(".so") for name in libraries))
