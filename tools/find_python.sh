#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Print the first interpreter that runs and is at least the version given: find_python.sh 3.11
# A name on PATH is not enough: version managers put names there that refuse to run.
want=$1
major=${want%.*} minor=${want#*.}
for python in "python$want" python3 "${PYENV_ROOT:-$HOME/.pyenv}/versions/$want".*/bin/python3; do
    "$python" -c "import sys; sys.exit(sys.version_info < ($major, $minor))" 2>/dev/null || continue
    command -v "$python"
    exit 0
done
exit 1
