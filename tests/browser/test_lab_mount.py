"""The script that starts labs in a page without a server, and the site's use of it."""

import json
import re

import anywidget
import pytest
from book_files import documents

from tools.lab_page import size_of, size_of_all_labs
from utils import labs
from utils.labs import ShapeLab

pytestmark = pytest.mark.browser


class Failing(anywidget.AnyWidget):
    """A widget whose module throws."""

    _esm = "export default { render() { throw new Error('on purpose'); } }"


def test_a_widget_that_fails_says_so_and_leaves_the_others_alone(show_labs, bench):
    page = show_labs(Failing(), ShapeLab())
    assert page.get_by_text("This lab did not start.").count() == 1
    page.get_by_role("region", name="Shape lab").wait_for()
    (complaint,) = bench.complaints
    assert "A lab did not start" in complaint
    bench.complaints.clear()


# How long a lab waits at most, changed.
PATIENCE = """const later = setTimeout;
    setTimeout = (work, time) => later(work, time === 5000 ? {} : time);"""


@pytest.mark.parametrize(("waits", "starts"), [("2 ** 30", False), ("0", True)])
def test_a_lab_far_below_starts_when_it_comes_near_or_after_a_while(
    browser, address, waits, starts
):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.add_init_script(PATIENCE.format(waits))
    page = context.new_page()
    page.goto(f"{address}chapters/08_where_state_lives.html")
    place = page.locator(".lab-place")
    if not starts:
        room = "place => [place.childElementCount, place.getBoundingClientRect().height >= 640]"
        assert place.evaluate(room) == [0, True]
        place.scroll_into_view_if_needed()
    place.locator(".lab").wait_for()
    context.close()


def test_a_lab_can_be_used_from_disk(visit, site):
    page = visit((site / "index.html").as_uri()).page
    lab = page.get_by_role("region", name="Shape lab")
    before = lab.inner_text()
    lab.locator("input[type=range]").first.press("ArrowRight")
    changed = "([lab, before]) => lab.innerText !== before"
    page.wait_for_function(changed, arg=[lab.element_handle(), before])


# On every page: no lab but these.
PLACES = {
    "index": ["ShapeLab"],
    "chapters/02_three_axes": ["ShapeLab"],
    "chapters/03_one_step_then_a_loop": ["StepLab"],
    "chapters/04_three_by_one_or_one_by_three": ["RaceLab", "ShapeLab"],
    "chapters/08_where_state_lives": ["StateLab"],
    "chapters/09_stateful_with_reset_states": ["StateLab"],
    "chapters/10_long_sequences_in_lanes": ["LanesLab"],
    "reference/labs": ["LanesLab", "RaceLab", "ShapeLab", "StateLab", "StepLab"],
}
STATE = re.compile(r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script', re.S)
PICTURE = re.compile(r'<noscript><figure><img alt="[^"]{60,}" src="data:image/svg.*?<figcaption>\w')


@pytest.mark.parametrize("document", documents())
def test_each_lab_is_at_its_place_with_its_picture_and_no_page_carries_another(site, document):
    html = (site / f"{document}.html").read_text(encoding="utf-8")
    states = [json.loads(text)["state"].values() for text in STATE.findall(html)]
    models = [model["state"] for found in states for model in found]
    names = [model["_anywidget_id"].split(".")[-1] for model in models if "_esm" in model]
    assert sorted(names) == PLACES.get(document, [])
    assert html.count("widget-view+json") == len(PICTURE.findall(html)) == len(names)
    assert ("mount.js" in html) == bool(names)


def test_labs_are_small():
    sizes = {name: size_of(getattr(labs, name)) for name in labs.__all__}
    assert max(sizes.values()) <= 30 * 1024, sizes
    assert size_of_all_labs() <= 70 * 1024  # 90 KB with doctor and recipe
