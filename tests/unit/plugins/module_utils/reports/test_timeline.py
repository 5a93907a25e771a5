# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline draws each step once, where it was."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.timeline import (
    LEFT,
    RIGHT,
    WIDTH,
    bars,
    timeline,
)

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</svg><script>alert(1)</script>"\x00\x1b[2J&'


def drawn(facts: dict[str, Any]) -> ET.Element:
    return ET.fromstring(timeline(facts))


def rows(facts: dict[str, Any]) -> dict[str, list[tuple[str, float, float]]]:
    """Step -> its bars: kind, and left and right edge in seconds of an axis of 2280 s."""
    scale = 2280 / (WIDTH - LEFT - RIGHT)
    found: dict[str, list[tuple[str, float, float]]] = {}
    for row in drawn(facts).iterfind(f"{SVG}g"):
        assert row.attrib["data-step"] not in found
        found[row.attrib["data-step"]] = [
            (
                box.attrib["class"],
                round((float(box.attrib["x"]) - LEFT) * scale, -1),
                round((float(box.attrib["x"]) + float(box.attrib["width"]) - LEFT) * scale, -1),
            )
            for box in row.iterfind(f"{SVG}rect")
        ]
    return found


def test_every_step_is_drawn_once_planned_predicted_and_where_it_was(
    facts: dict[str, Any],
) -> None:
    assert rows(facts) == {
        "fence": [("planned", 0, 120), ("predicted", 0, 60), ("actual", 10, 70)],
        "promote": [("planned", 120, 420), ("predicted", 60, 190), ("actual", 70, 220)],
        "harden": [("planned", 420, 1020), ("actual", 220, 220)],
        "scale": [("planned", 1020, 1260), ("predicted", 790, 880), ("actual", 320, 420)],
        "traffic": [("planned", 1260, 1380), ("predicted", 880, 950), ("actual", 420, 510)],
        "reprotect": [("planned", 1380, 2280)],
    }


def test_only_what_cannot_be_undone_bears_the_mark(facts: dict[str, Any]) -> None:
    marked = [
        row.attrib["data-step"]
        for row in drawn(facts).iterfind(f"{SVG}g")
        if row.find(f"{SVG}text[@class='mark']") is not None
    ]
    assert marked == ["promote"]


def test_a_failed_step_is_drawn_and_named_as_failed(facts: dict[str, Any]) -> None:
    facts["steps"][4]["outcome"] = "failed"
    [row] = drawn(facts).iterfind(f"{SVG}g[@data-step='traffic']")
    assert row.find(f"{SVG}rect[@class='failed']") is not None
    assert row.find(f"{SVG}rect[@class='actual']") is None
    assert [text.text for text in row.iterfind(f"{SVG}text")] == ["Move the traffic", "✕ failed"]


def test_a_step_that_goes_on_is_drawn_to_the_last_sign_of_life(facts: dict[str, Any]) -> None:
    facts |= {"ended": "", "outcome": "running"}
    facts["steps"][4] |= {"ended": "", "seconds": None, "outcome": "waiting"}
    assert bars(facts)["traffic"][-1].end == 530


def test_attempts_are_the_ground_and_between_them_is_none(facts: dict[str, Any]) -> None:
    grounds = drawn(facts).findall(f"{SVG}rect[@class='attempt']")[:2]
    [(_, first_end), (second, _)] = [
        (float(box.attrib["x"]), float(box.attrib["x"]) + float(box.attrib["width"]))
        for box in grounds
    ]
    scale = 2280 / (WIDTH - LEFT - RIGHT)
    # The first was killed and has no end: its last sign of life is that of step harden.
    assert [round((x - LEFT) * scale) for x in (first_end, second)] == [216, 315]


def test_the_target_is_drawn_where_the_axis_reaches_it(facts: dict[str, Any]) -> None:
    assert drawn(facts).find(f"{SVG}line[@class='target']") is None
    facts["targets"]["recovery_time_seconds"] = 900
    assert drawn(facts).find(f"{SVG}line[@class='target']") is not None


def test_the_drawing_tells_in_words_what_it_shows(facts: dict[str, Any]) -> None:
    svg = drawn(facts)
    ids = {child.attrib.get("id"): child.tag for child in svg}
    assert [ids[name] for name in svg.attrib["aria-labelledby"].split()] == [
        f"{SVG}title",
        f"{SVG}desc",
    ]
    said = [row.findtext(f"{SVG}title") for row in svg.iterfind(f"{SVG}g")]
    assert said[1] == (
        "Promote the replica: planned 5 min, predicted 2 min 8 s, done, took 2 min 22 s, "
        "cannot be undone"
    )


def test_an_axis_of_any_length_has_few_ticks(facts: dict[str, Any]) -> None:
    for planned in (0, 7, 61, 3601, 90000, 86400 * 8, 86400 * 400):
        facts["steps"][0]["planned_seconds"] = planned
        assert 2 <= len(drawn(facts).findall(f"{SVG}line[@class='grid']")) <= 9


def test_hostile_texts_stay_texts(facts: dict[str, Any]) -> None:
    facts["steps"][0] |= {"title": HOSTILE, "name": HOSTILE}
    svg = drawn(facts)
    assert svg.find(f".//{SVG}script") is None
    [row] = [g for g in svg.iterfind(f"{SVG}g") if g.attrib["data-step"].startswith("</svg>")]
    assert str(row.findtext(f"{SVG}title")).startswith("</svg><script>alert(1)</script>")


def test_an_operation_without_steps_has_no_drawing(facts: dict[str, Any]) -> None:
    assert timeline(facts | {"steps": []}) == ""
