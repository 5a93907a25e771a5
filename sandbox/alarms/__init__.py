# SPDX-License-Identifier: GPL-3.0-or-later
"""What the data of metrics means for alarms: pure functions, which know no emulator and no clock.

`series` makes data points of what was measured, `expressions` combines them, `evaluation` says in
which state an alarm on them is, and `rule` in which a composite alarm is.
"""
