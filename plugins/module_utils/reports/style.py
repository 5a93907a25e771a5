# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one style of all pages: quiet, for a light and a dark screen, and for paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { font-size: 94%;
  --paper: #fff; --card: #f6f8f9; --line: #dbe0e5; --ink: #1c2733; --quiet: #5b6875;
  --planned: #c4ccd4; --predicted: #8aa5c2; --actual: #2b68ad; --attempt: #e9eef2;
  --pass: #1d7347; --fail: #b3261e; --unknown: #855600;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14191f; --card: #1b222a; --line: #303b46; --ink: #e4e9ee; --quiet: #9aa7b4;
    --planned: #5a6774; --predicted: #5f7b9a; --actual: #6eaaea; --attempt: #1f2831;
    --pass: #66c293; --fail: #ff8f86; --unknown: #e0b05a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; line-height: 1.25; font-weight: 650; }
h1 .state { font-weight: inherit; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.05rem; font-weight: 650; }
p { margin: .25rem 0; max-width: 46rem; }
ul { margin: .25rem 0; padding-left: 1.2rem; }
.quiet, caption, dt { color: var(--quiet); }
code { font: .86em/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, "Noto Sans Mono",
  monospace; overflow-wrap: anywhere; }
.act, .fact { display: block; white-space: pre-wrap; }
.fact, summary { color: var(--quiet); }
summary { cursor: pointer; }
.state { font-weight: 600; white-space: nowrap; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .unknown { color: var(--unknown); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem;
  margin-top: 1.75rem; }
.card { padding: 1rem 1.15rem; background: var(--card); border-radius: 8px;
  border-left: 3px solid var(--line); break-inside: avoid; }
.card.pass { border-color: var(--pass); } .card.fail { border-color: var(--fail); }
.card.unknown { border-color: var(--unknown); }
.card, .card p { color: var(--ink); } .card h2 { margin: 0; font-size: .9rem; font-weight: 500;
  color: var(--quiet); }
.card .figure { font-size: 1.55rem; line-height: 1.35; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } dl + .wide { margin-top: 1rem; }
table { min-width: min(100%, 24rem);
  border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .45rem 1.4rem .45rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { font-weight: 500; } thead th { color: var(--quiet); font-size: .88rem; }
tr > :last-child { padding-right: 0; } tr { break-inside: avoid; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
td p { margin: 0 0 .2rem; }
dl { margin: 0; } dl div { display: flex; gap: 1rem; padding: .2rem 0; }
dt { flex: 0 0 9.5rem; } dd { margin: 0; overflow-wrap: anywhere; }
.drawing { overflow-x: auto; } svg { display: block; width: 100%; min-width: 44rem; height: auto; }
svg text { fill: var(--ink); font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto,
  "Noto Sans", sans-serif; }
svg .small { fill: var(--quiet); font-size: 11px; } svg .failed-text { fill: var(--fail); }
svg .grid { stroke: var(--line); } svg .target { stroke: var(--unknown); stroke-dasharray: 4 3; }
svg .attempt { fill: var(--attempt); } svg .planned { fill: var(--planned); }
svg .predicted { fill: var(--predicted); } svg .actual { fill: var(--actual); }
svg .failed { fill: var(--fail); } svg .mark { fill: var(--unknown); }
@media print {
  :root { font-size: 10.5px; }
  body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; } h2 { margin-top: 1.5rem; break-after: avoid; }
  .wide, .drawing { overflow: visible; } svg { min-width: 0; break-inside: avoid; }
}
"""
