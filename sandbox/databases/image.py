# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a database server: Debian with PostgreSQL, baked once for each recipe."""

from __future__ import annotations

import hashlib
import os
import shlex
from pathlib import Path

from sandbox.databases.settings import HOME, Engine
from sandbox.ground.commands import run
from sandbox.ground.podman import Podman

SUITE, MAJOR = "bookworm", 15
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
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_BAKE = (
    "mmdebstrap",
    "--quiet",
    "--variant=minbase",
    f"--include=postgresql-{MAJOR},locales",
    "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
    f"--essential-hook={_BEFORE}",
    f"--customize-hook={_AFTER}",
    SUITE,
)
_SETTINGS = (
    f"ENV=PATH={_BIN}:/usr/bin:/bin",
    "ENV=LANG=en_US.UTF-8",
    "USER=postgres",
    "STOPSIGNAL=SIGINT",
    f'CMD=["/bin/sh","{HOME}/start"]',
)


def _code(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


BAKED = f"rds-postgres-{_code(*_BAKE)}.tar"
NAME = f"localhost/rds-postgres:{_code(*_BAKE, *_SETTINGS)}"
_BAKING_TIME = 900.0


def ensure(podman: Podman, cache: Path) -> str:
    """The image's name; what is not in the store comes from `cache`, or is baked into it.

    Raises CommandFailed if it cannot be baked.
    """
    if podman("images", "--quiet", NAME).strip():
        return NAME
    baked = cache / BAKED
    if not baked.exists():
        bake(baked)
    changes = [word for setting in _SETTINGS for word in ("--change", setting)]
    podman("import", "--quiet", *changes, str(baked), NAME)
    return NAME


def bake(target: Path) -> None:
    """Write the root file system as a tar archive. Raises CommandFailed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    begun = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        run(*_BAKE[:-1], "--format=tar", SUITE, str(begun), timeout=_BAKING_TIME)
        begun.rename(target)
    finally:
        begun.unlink(missing_ok=True)


def engine(podman: Podman) -> Engine:
    """What the image's PostgreSQL knows."""
    script = f"postgres --describe-config; echo ==; ls {shlex.quote(_LIBRARIES)}"
    words = ("run", "--rm", "--network", "none", NAME, "sh", "-c", script)
    known, _, found = podman(*words).partition("==\n")
    names = frozenset(line.partition("\t")[0] for line in known.splitlines())
    libraries = (name for name in found.split() if name.endswith(".so"))
    return Engine(names, frozenset(name.removesuffix(".so") for name in libraries))
