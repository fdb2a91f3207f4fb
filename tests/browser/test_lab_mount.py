"""The script that starts labs in a page without a server, and the site's use of it."""

import json
import re

import anywidget
import pytest
import traitlets
from book_files import documents
from lab_page import size_of_all_labs, write_page

from utils.labs import ShapeLab

pytestmark = pytest.mark.browser


class Counter(anywidget.AnyWidget):
    """A widget that is none of the book's: a button that counts, with its listeners on show."""

    _esm = """
    export default () => ({
      initialize({ model }) { model.set("started", model.get("started") + 1); },
      render({ model, el }) {
        const button = document.createElement("button");
        const show = () => { button.textContent = `count ${model.get("value")}`; };
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


def test_any_anywidget_runs(show_labs):
    page = show_labs(Counter(value=4)).page
    button = page.get_by_role("button")
    assert button.inner_text() == "count 4"
    button.click()
    assert button.inner_text() == "count 5"
    assert button.evaluate("b => getComputedStyle(b).color") == "rgb(1, 2, 3)"


def test_two_views_of_one_widget_share_its_values_and_start_it_once(show_labs):
    counter = Counter()
    page = show_labs(counter, counter).page
    page.get_by_role("button").nth(0).click()
    assert page.get_by_role("button").all_inner_texts() == ["count 1", "count 1"]


def test_two_widgets_stay_apart(show_labs):
    page = show_labs(Counter(), Counter(value=7)).page
    page.get_by_role("button").nth(0).click()
    assert page.get_by_role("button").all_inner_texts() == ["count 1", "count 7"]
    styles = page.locator("head style").evaluate_all("all => all.map(style => style.textContent)")
    assert styles.count(Counter._css) == 1


def test_leaving_the_page_cleans_up(show_labs):
    page = show_labs(Counter()).page
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert page.get_by_role("button").count() == 1  # the page may come back
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: false}))")
    assert page.get_by_role("button").count() == 0 and page.evaluate("window.cleaned")


@pytest.mark.parametrize("wrong", [Broken, Failing])
@pytest.mark.parametrize("disk", [False, True], ids=["http", "disk"])
def test_a_widget_that_fails_says_so_and_leaves_the_others_alone(show_labs, wrong, disk):
    view = show_labs(wrong(), ShapeLab(), disk=disk)
    assert "This lab did not start." in view.page.get_by_role("main").inner_text()
    assert view.page.get_by_role("region", name="Shape lab").is_visible()
    assert [text for text in view.complaints if "A lab did not start" not in text] == []
    assert len(view.complaints) == 1
    view.complaints.clear()


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


def test_a_lab_far_below_starts_when_it_comes_near(visit):
    view = visit("chapters/08_where_state_lives.html")
    view.come_again(PATIENCE.format("2 ** 30"))
    view.settle()
    place = view.page.locator(".lab-place")
    room = "place => [place.childElementCount, place.getBoundingClientRect().height >= 640]"
    assert place.evaluate(room) == [0, True]
    view.page.locator("h2").last.scroll_into_view_if_needed()  # far below the lab
    assert place.evaluate(room) == [0, True]
    place.scroll_into_view_if_needed()
    place.locator(".lab").wait_for()
    assert view.complaints == []


def test_a_lab_far_below_does_not_wait_forever(visit):
    view = visit("chapters/08_where_state_lives.html")
    view.come_again(PATIENCE.format(0))
    view.page.locator(".lab-place .lab").wait_for()
    assert view.page.evaluate("scrollY") == 0


def test_without_scripts_the_picture_is_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}index.html")
    picture = page.locator("noscript figure img, figure.lab-picture img, noscript img").first
    assert page.content().count("This is a picture of a lab") == 1
    assert picture.is_visible()
    context.close()


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


@pytest.mark.parametrize("document", PLACES)
def test_each_lab_is_at_its_place_and_no_page_carries_another(site, document):
    html = (site / f"{document}.html").read_text(encoding="utf-8")
    models = [model["state"] for model in json.loads(STATE.search(html)[1])["state"].values()]
    names = [model["_anywidget_id"].split(".")[-1] for model in models if "_esm" in model]
    assert sorted(names) == PLACES[document]
    assert html.count("widget-view+json") == len(PICTURE.findall(html)) == len(names)


def test_pages_with_labs_load_the_script_and_no_other_page_does(site):
    loading = set()
    for document in documents():
        html = (site / f"{document}.html").read_text(encoding="utf-8")
        assert ("mount.js" in html) == ("widget-view+json" in html), document
        if "mount.js" in html:
            loading.add(document)
    assert "index" in loading and len(loading) < len(documents())


def test_all_labs_together_are_small():
    assert size_of_all_labs() <= 50 * 1024
