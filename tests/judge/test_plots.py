"""The bench's SVG writer: well-formed, escaped, and lines stay inside the frame."""

from __future__ import annotations

import re
import xml.dom.minidom

from bench import judge_svg


def test_a_chart_is_well_formed_and_its_lines_stay_inside_the_frame() -> None:
    lines = [
        judge_svg.Line("a < b & c", [(0.2, 3.0), (1.0, None), (100.0, 900.0)]),
        judge_svg.Line("d", [(0.2, 0.5), (100.0, 0.6)]),
    ]
    text = judge_svg.chart("title <x>", "x", "y", lines)
    xml.dom.minidom.parseString(text)
    assert text.count("<polyline") == 2
    for points in re.findall(r'points="([^"]+)"', text):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert judge_svg.LEFT <= x <= judge_svg.WIDTH - judge_svg.RIGHT + 0.1
            assert judge_svg.TOP - 0.1 <= y <= judge_svg.HEIGHT - judge_svg.BOTTOM + 0.1


def test_the_same_numbers_give_the_same_picture() -> None:
    line = judge_svg.Line("a", [(1.0, 2.0), (10.0, 20.0)])
    assert judge_svg.chart("t", "x", "y", [line]) == judge_svg.chart("t", "x", "y", [line])
