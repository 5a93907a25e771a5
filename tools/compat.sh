#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The unit tests and first, second and check runs, on Python 3.13 with the newest ansible-core.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! python=$(tools/find_python.sh 3.13); then
    echo "compat: no Python 3.13 on this machine, nothing was tested"
    exit 0
fi

# The pins of the checkout but for Ansible, and without the tools that only read the code.
wanted=$(sed -e '/^# what reads it/,$d' -e 's/^\(ansible\(-core\)\?\)==.*/\1/' requirements-dev.txt)
if [ "$(cat .venv-compat/wanted 2>/dev/null)" != "$wanted" ]; then
    "$python" -m venv --clear .venv-compat
    .venv-compat/bin/pip install -qq --disable-pip-version-check --upgrade -r /dev/stdin <<<"$wanted"
    echo "$wanted" >.venv-compat/wanted
fi

export PATH="$PWD/.venv-compat/bin:$PATH"
ansible --version | head -n 1
python --version
exec pytest --numprocesses auto --maxprocesses 4 --dist loadfile tests/unit tests/integration/test_runs.py
