# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page and the file at the end of a run: what was planned or done, its cost, what is next."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..aws.scope import Scope
from ..aws.sdk import ClientError, ConnectionError, HTTPClientError, ResponseParserError
from ..aws.session import SECRETS, Aws, Connection
from ..costs import price_list, render, snapshot
from ..costs.model import Item, Price, estimate, merged
from ..costs.records import items
from . import kept_prices, summary

# The Price List API answers in few regions; this one is always among them.
PRICE_REGION = "us-east-1"


def report_run(
    results: summary.Results,
    declaration: Mapping[str, Any],
    folder: Path,
    *,
    dry: bool,
    prices: str,
    next_steps: Iterable[str],
    connection: Connection,
) -> dict[str, Any]:
    """Writes the JSON file of a run into a folder and answers the page: text, path, totals.

    results: site -> task -> result. connection: by which the Price List API is asked.
    prices: "auto" (that API where it answers, else the snapshot) or "snapshot". What the API said
    is kept in the folder for a day; where nothing is to be done it is not asked anew. The page of a
    plan ends with its cost, that of a run with what stands.
    """
    used = _used(results)
    asks = dry and prices == "auto"
    moves = any(summary.totals(results).values())
    listed = _listed(used, declaration, folder, connection, ask=moves) if asks else {}
    costs = estimate(used, merged(listed, snapshot.prices()))
    unpriced = summary.unpriced(results) if dry else []
    cost = {**render.as_dict(costs), "unpriced": unpriced}
    data = SECRETS.clean({**summary.as_dict(results, dry), "cost": cost})
    stamp = datetime.datetime.now(datetime.UTC)
    data["written"] = stamp.isoformat(timespec="seconds")
    data["environment"] = declaration["environment"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{declaration['environment']}-{'plan' if dry else 'run'}.json"
    path.write_text(json.dumps(data, indent=2, default=str) + "\n", encoding="utf-8")
    page = [summary.text(results, dry), ""]
    page.append(render.table(costs) if dry else summary.built(results, declaration))
    page += unpriced
    page += ["", f"all of it as data: {path}", *(f"next: {step}" for step in next_steps)]
    return {
        "changed": False,
        "text": SECRETS.clean("\n".join(page)),
        "path": str(path),
        "totals": data["totals"],
    }


def _used(results: summary.Results) -> list[Item]:
    return [
        item
        for site, tasks in results.items()
        for result in tasks.values()
        for item in items(site, result.get("usages", []))
    ]


def _listed(
    wanted: Iterable[Item],
    declaration: Mapping[str, Any],
    folder: Path,
    connection: Connection,
    *,
    ask: bool,
) -> Mapping[tuple[str, str], Price]:
    """Prices of the Price List API: those it told less than a day ago; for others it is asked.

    ask: whether it may be. None where it cannot be reached or may not be asked.
    """
    environment, endpoint = declaration["environment"], connection.endpoint_url
    now = datetime.datetime.now(datetime.UTC)
    kept = kept_prices.read(folder, environment, endpoint, now)
    usages = [item.usage for item in wanted]
    new = [use for use in usages if (use.key, use.region) not in kept.asked]
    if not ask or not price_list.together(new):
        return kept.prices
    scope = Scope(environment, "", PRICE_REGION, declaration["account_id"])
    aws = Aws(scope, connection)
    client = aws.once("pricing", PRICE_REGION)

    def get_products(service: str, filters: Any) -> list[str]:
        pages = client.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
        return [text for page in pages for text in page["PriceList"]]

    try:
        told = price_list.fetch(new, get_products)
    except (ClientError, ConnectionError, HTTPClientError, ResponseParserError):
        return kept.prices
    finally:
        aws.close()
    asked = {(use.key, use.region) for use in new}
    kept_prices.add(folder, environment, endpoint, now, asked, told)
    return {**kept.prices, **told}
