"""The script that starts labs in a page without a server, and the site's use of it."""

import json
import re

import anywidget
import pytest
import traitlets
from book_files import documents

from tools.lab_page import size_of_all_labs, write_page
from utils.labs import ShapeLab

pytestmark = pytest.mark.browser


class Counter(anywidget.AnyWidget):
    """A widget that is none of the book's: a button that counts, with its listeners on show."""

    _esm = """
    export default () => ({
      initialize({ model }) { model.set("started", model.get("started") + 1); },
      render({ model, el }) {
        const button = document.createElement("button");
        const show = () => {
          button.textContent = `count ${model.get("value")}, started ${model.get("started")}`;
        };
        button.onclick = () => {
          model.set("value", model.get("value") + 1);
          model.save_changes();
        };
        model.on("change:value", show);
        show();
        el.append(button);
        return () => {
          model.off("change:value", show);
          el.replaceChildren();
          window.cleaned = true;
        };
      },
    });
    """
    _css = "button { color: rgb(1, 2, 3); }"
    value = traitlets.Int(0).tag(sync=True)
    started = traitlets.Int(0).tag(sync=True)


class Broken(anywidget.AnyWidget):
    """A widget whose module cannot be read."""

    _esm = "export default { render( }"


class Failing(anywidget.AnyWidget):
    """A widget whose module throws."""

    _esm = "export default { render() { throw new Error('on purpose'); } }"


def test_any_anywidget_runs_with_views_that_share_and_widgets_that_do_not(show_labs):
    one, other = Counter(value=4), Counter(value=7)
    page = show_labs(one, one, other)
    page.get_by_role("button").first.click()
    found = page.get_by_role("button").all_inner_texts()
    assert found == ["count 5, started 1"] * 2 + ["count 7, started 1"]
    button = page.get_by_role("button").first
    assert button.evaluate("b => getComputedStyle(b).color") == "rgb(1, 2, 3)"
    styles = page.locator("head style").evaluate_all("all => all.map(style => style.textContent)")
    assert styles.count(Counter._css) == 1
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert page.get_by_role("button").count() == 3  # the page may come back
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: false}))")
    assert page.get_by_role("button").count() == 0 and page.evaluate("window.cleaned")


def test_a_widget_that_fails_says_so_and_leaves_the_others_alone(show_labs, bench):
    page = show_labs(Broken(), Failing(), ShapeLab())
    assert page.get_by_text("This lab did not start.").count() == 2
    page.get_by_role("region", name="Shape lab").wait_for()
    assert len(bench.complaints) == 2
    assert all("A lab did not start" in complaint for complaint in bench.complaints)
    bench.complaints.clear()


def test_a_view_without_a_state_says_so(browser, tmp_path):
    page_file = write_page(tmp_path, [ShapeLab()])
    source = page_file.read_text(encoding="utf-8")
    page_file.write_text(re.sub(r'"model_id": "\w+"', '"model_id": "lost"', source))
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.get_by_text("This lab did not start.").wait_for()
    page.close()


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
        page.locator("h2").last.scroll_into_view_if_needed()  # far below the lab
        assert place.evaluate(room) == [0, True]
        place.scroll_into_view_if_needed()
    place.locator(".lab").wait_for()
    context.close()


def test_without_scripts_the_picture_is_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}index.html")
    assert page.content().count("This is a picture of a lab") == 1
    assert page.locator("noscript figure img, noscript img").first.is_visible()
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


def test_all_labs_together_are_small():
    assert size_of_all_labs() <= 50 * 1024
