"""The doctor: what it says of shapes is what `explain` says, it finds the errors, and it is a page.

40 draws are compared with `explain`; with BOOK_NIGHTLY=1, 5,000.
"""

import gzip
import inspect
import json
import os
import random
import re
from urllib.parse import quote

import keras
import numpy as np
import pytest
from book_files import ROOT
from bs4 import BeautifulSoup
from conftest import WIDTHS
from keras import layers
from playwright.sync_api import expect

from utils.shapes import explain

pytestmark = pytest.mark.browser

PARTS, DRAWS = (10, 500) if os.environ.get("BOOK_NIGHTLY") == "1" else (2, 20)  # in each part
PAGES = ["index.html", "reference/error_messages.html", "reference/labs.html"]
ERRORS = "reference/error_messages.html"


@pytest.fixture(scope="module")
def doctor(browser, site):
    """A function that calls one of the doctor's functions, in an empty page."""
    page = browser.new_page()
    page.add_script_tag(path=site / "_static" / "doctor_answers.js")
    yield lambda call, given=None: page.evaluate(f"a => {call}", given)
    page.close()


@pytest.fixture(scope="module")
def ask(doctor):
    """A function that returns the answers to some texts."""
    call = "a.map(text => doctor.answer(text, doctor.entries, doctor.words))"
    return lambda *texts: doctor(call, texts)


# Shapes ----------------------------------------------------------------------------------------


def draw(rng):
    """Draw data, often near to what a model reads, a model or none, and labels or none."""

    def size():
        return rng.choice([1, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12])

    T, F, model, y = size(), rng.choice([1, 1, 2, 3, 4]), None, None
    if rng.random() < 0.75:
        stateful = rng.random() < 0.35
        B = rng.choice([2, 3, 4]) if rng.random() < (0.9 if stateful else 0.15) else None
        model = {"input": [B, rng.choice([T, T, T, None]), F], "units": rng.choice([1, 2, 4])}
        model |= {"sequences": rng.random() < 0.3, "stateful": stateful}
        model["dense"] = rng.choice([None, 1, 3])
    N = rng.choice([0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 23, 25, 30, None])
    near = [[T, F], [T, F], [F, T], [T], [F], [T * F], [T, F, 1], [size(), F], [T, size()], []]
    x = [N, *rng.choice([*near, [size(), size(), size()]])]
    if rng.random() < 0.05:
        x = [size() for _ in range(rng.randint(0, 5))]
    if rng.random() < 0.4:
        rows = N if rng.random() < 0.75 else size()
        ends = [[], [1], [2], [3], [T], [T, 1], [T, 3], [T, 2], [max(T - 1, 1), 1], [size(), 1]]
        y = [rows, *rng.choice(ends)] if rows else None
    return {"x": x, "model": model, "y": y}


def layers_of(model):
    """Return a model as the list of layers that `explain` takes."""
    if model is None:
        return None
    batch, *rest = model["input"]
    front = keras.Input(batch_shape=(batch, *rest)) if batch else keras.Input(tuple(rest))
    options = {"return_sequences": model["sequences"], "stateful": model["stateful"]}
    found = [front, layers.LSTM(model["units"], **options)]
    return [*found, layers.Dense(model["dense"])] if model["dense"] else found


def listed(shape):
    return shape if shape is None else list(shape)


def said_by_explain(case):
    """Return what `explain` says, as the doctor says it. It looks at labels where x fits."""
    keras.utils.clear_session()
    model = layers_of(case["model"])
    found = explain(tuple(case["x"]), model)
    if found.ok and case["y"]:
        found = explain(tuple(case["x"]), model, np.zeros(case["y"]))
    else:
        case["y"] = None
    problem = None
    for one in found.problems:
        fixes = [
            {"code": fix.code, "when": fix.when, "why": fix.why, "shape": listed(fix.shape)}
            for fix in one.fixes
        ]
        what = one.what.partition(" Keras says:")[0]
        problem = {"what": what, "advice": one.advice, "silent": one.silent, "fixes": fixes}
    return {
        "axes": [axis._asdict() for axis in found.axes],
        "runs": found.runs,
        "notes": list(found.notes),
        "tried": found.tried,
        "ok": found.ok,
        "raises": found.raises,
        "problem": problem,
        "output": listed(found.output_shape),
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_of_shapes_it_says_what_explain_says(doctor, part):
    rng = random.Random(part)
    cases = [draw(rng) for _ in range(DRAWS)]
    wanted = [said_by_explain(case) for case in cases]
    found = doctor("a.map(one => doctor.explain(one, doctor.words))", cases)
    for case, ours, theirs in zip(cases, found, wanted, strict=True):
        assert ours == theirs, case
    assert sum(not one["ok"] for one in wanted) > DRAWS / 4
    assert sum(bool(one["problem"] and one["problem"]["fixes"]) for one in wanted) > DRAWS / 5


# Messages --------------------------------------------------------------------------------------


def other_numbers(text):
    """Return a message as a reader has it: with numbers and names of a model of his own."""
    text = re.sub(r"\blstm_?\d*(?=')", "encoder", text)
    return re.sub(r"(?<![=\w])\d+", lambda number: str(int(number[0]) + 37), text)


def traceback(text):
    """Return a message at the end of what Python prints."""
    place = '  File "train.py", line 12, in <module>\n    model.fit(x, y, epochs=10)\n'
    kind = "" if re.match(r"\w+Error: ", text) else "ValueError: "
    return f"Traceback (most recent call last):\n{place}{kind}{text}"


def first_line(text):
    """Return the first line that says more than where it happened."""
    where = "Exception encountered when calling|Graph execution error|Detected at node"
    lines = text.split("\n")
    return next((line for line in lines if line and not re.search(where, line)), lines[0])


@pytest.fixture(scope="module")
def messages(site):
    """What the page shows for each entry, by its id: a message of Keras, or else its heading."""
    document = BeautifulSoup((site / ERRORS).read_text(encoding="utf-8"), "html.parser")
    found = {}
    for section in document.select("section section:has(> h3)"):
        printed = section.select_one(".cell_output pre")
        text = printed.get_text().replace("\n  ", " ") if printed else ""
        heading = section.h3.get_text().rstrip("#").strip()
        found[section["id"]] = text if re.match(r"\w+Error: ", text) else heading
    return found


# The first line of the one is that of "Incompatible shapes" too; that of the other is about
# another method of the same layer. Their whole messages are told apart.
ALIKE = {
    "broadcastgradientargs",
    "cannot-convert-a-symbolic-tensor-lstm-strided-slice-0-to-a-numpy-array",
}
FORMS = {
    "as it is": (str, set()),
    "its first line": (first_line, ALIKE),
    "with other numbers": (other_numbers, set()),
    "in a traceback": (traceback, set()),
    "with other quotes": (lambda text: text.replace("'", "’"), set()),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_finds_every_entry_of_the_error_page(ask, messages, form):
    change, alike = FORMS[form]
    assert len(messages) >= 75
    answers = ask(*map(change, messages.values()))
    missed = set()
    for name, answer in zip(messages, answers, strict=True):
        offered = {option["entry"]["id"] for option in answer["options"] if option.get("entry")}
        if name not in offered | {answer.get("entry")}:
            missed.add(name)
    assert missed == alike


def test_its_entries_are_those_of_the_page(doctor, messages, site):
    entries = doctor("doctor.entries")
    text = BeautifulSoup((site / ERRORS).read_text(encoding="utf-8"), "html.parser").get_text()
    text = " ".join(text.split())
    assert [entry["id"] for entry in entries] == list(messages)
    for entry in entries:
        assert entry["means"], entry
        for part in (entry["means"], entry["fix"], *entry["code"].split("\n")):
            assert " ".join(part.replace("`", "").split()) in text, entry
    assert sum(bool(entry["fix"] and entry["code"]) for entry in entries) > 55


# Lines of code ---------------------------------------------------------------------------------


def test_it_knows_the_arguments_of_the_lstm(doctor):
    options = inspect.signature(layers.LSTM.__init__).parameters
    named = {name for name in options if name not in ("self", "kwargs")}
    assert set(doctor("doctor.ARGUMENTS")) == named | {"name", "dtype", "trainable"}


OLD = {
    "LSTM(50, batch_input_shape=(1, 1, 1), stateful=True)": (1, 1, 1),
    "LSTM(64, input_shape=(30, 7))": (None, 30, 7),
    "LSTM(32, input_dim=2, input_length=5, inner_activation='hard_sigmoid')": (None, 5, 2),
    "LSTM(32, input_dim=2)": (None, None, 2),
    "LSTM(4, batch_shape=(2, 3, 1), return_sequence=True)": (2, 3, 1),
    "LSTM(4, input_shape=(3, 1), batch_size=2, stateful=True)": (2, 3, 1),
    "GRU(output_dim=4, input_shape=(3, 1), dropout_W=0.2)": (None, 3, 1),
    "LSTM(4, batch_input_shape=(2, 3, 1), time_major=True)": (2, 3, 1),
}


@pytest.mark.parametrize("line", OLD)
def test_what_it_makes_of_an_old_line_runs(ask, line):
    added, alone = ask(f"model.add({line})", line)
    names = {"model": keras.Sequential(), "keras": keras, "LSTM": layers.LSTM, "GRU": layers.GRU}
    exec(added["options"][0]["code"], names)
    assert names["model"].input_shape == OLD[line]
    parts = eval(f"[{alone['options'][0]['code']}]", names)
    assert keras.Sequential(parts).output_shape == names["model"].output_shape
    assert added["title"].startswith("A line from an older Keras")


def test_what_it_makes_of_a_stack_runs(ask):
    stack = "model.add(LSTM(5))\nmodel.add(LSTM(6, dropout=0.1))\nmodel.add(LSTM(7))"
    (answer,) = ask(stack)
    names = {"model": keras.Sequential([keras.Input((3, 1))]), "LSTM": layers.LSTM}
    exec(answer["options"][0]["code"], names)
    assert names["model"].output_shape == (None, 7)
    assert answer["entry"] == "expected-ndim-3-found-ndim-2-for-a-second-lstm"


RESHAPES = [
    "reshape(dataX, (len(dataX), 1, 3))",
    "np.reshape(dataX, (dataX.shape[0], 1, dataX.shape[1]))",
    "dataX = dataX.reshape((len(dataX), 1, 3))",
    "dataX.reshape(len(dataX), 1, 3)",
    "np.reshape(dataX, [-1, 1, 3])",
]


@pytest.mark.parametrize("line", RESHAPES)
def test_of_one_time_step_it_asks_what_the_numbers_are(ask, line):
    (answer,) = ask(line)
    assert answer["title"].endswith("the loop runs once")
    made = []
    for option in answer["options"]:
        names = {"np": np, "reshape": np.reshape, "dataX": np.zeros((23, 3))}
        code = option["code"].removeprefix("dataX = ")
        made.append(eval(code, names).shape)
    assert made == [(23, 3, 1), (23, 1, 3)]


# What was pasted; what the title says, the entry, and a piece of the first code
LINES = {
    "(8760, 5)": ("Two axes", None, "x[..., np.newaxis]"),
    "x.shape = (100, 3)": ("Two axes", None, "x[..., np.newaxis]"),
    "8760 x 5": ("Two axes", None, "x[..., np.newaxis]"),
    "torch.Size([32, 10, 5])": ("Three axes", None, None),
    "(8, 5, 3, 2)": ("Four axes", None, "np.reshape(x, (-1, 5, 6))"),
    "(25,)": ("One axis", None, "x[np.newaxis, :, np.newaxis]"),
    "x (10, 5, 3), batch_shape (4, 5, 3)": ("These sizes", None, "x = x[:8]"),
    "x.shape (25, 5, 2), Input((5, 3))": ("These sizes", None, "keras.Input((5, 2))"),
    "X_train.shape (80, 10, 5) y_train.shape (79,)": ("These sizes", None, "x = x[:79]"),
    "(None, 3, 1)": ("Three axes", None, None),
    "keras.Input((25, 3, 1))": ("`expected ndim=3", "expected-ndim-3-found-ndim-4", "((3, 1))"),
    "Input(shape=(5,))": ("`expected ndim=3", "expected-ndim-3-found-ndim-2-from", "((5, 1))"),
    "Input((3, None))": ("`Shapes used", "shapes-used-to-initialize-variables-must-be", None),
    "Input((3, 1)), LSTM(4, stateful=True)": ("`the batch size", "the-batch-size-must", None),
    "LSTM(32, return_sequences=True)": ("An answer at every time step", None, None),
    "LSTM(32)": ("One answer for each sample", None, None),
    "LSTM(32, banana=2)": ("The LSTM of Keras 3 has no `banana`", None, "LSTM(32)"),
    "model.reset_states()": ("`has no attribute", "has-no-attribute-reset-states", "reset"),
    "layer.reset_states([h, c])": ("`takes 1", "takes-1-positional-argument", "assign"),
    "model.fit(x, y, nb_epoch=10)": ("`unexpected", "unexpected-keyword-argument-nb", "epochs"),
    "ValueError: expected ndim=3, found ndim=2. Full shape received: (812, 9)": (
        "`expected ndim=3, found ndim=2`",
        "expected-ndim-3-found-ndim-2",
        "x[..., np.newaxis]",
    ),
    "Expected shape (None, 5, 3), but input has incompatible shape (25, 3)": (
        "Two axes",
        None,
        "np.reshape(x, (-1, 5, 3))",
    ),
    "Invalid input shape for input Tensor. "
    "Expected shape (None, 5, 3), but input has incompatible shape (25, 3)": (
        "`Invalid input shape",
        "invalid-input-shape-for-input-tensor",
        "np.reshape(x, (-1, 5, 3))",
    ),
    "KeyError: 'loss'": ("Nothing certain", None, None),
    "bananas": ("No message", None, None),
}


@pytest.mark.parametrize("text", LINES)
def test_it_knows_shapes_lines_and_messages(ask, text):
    title, entry, code = LINES[text]
    (answer,) = ask(text)
    assert answer["title"].startswith(title)
    assert (answer.get("entry") or "").startswith(entry or "") and bool(entry) <= bool(
        answer.get("entry")
    )
    if code:
        assert code in answer["options"][0]["code"]


def test_no_text_makes_it_stumble(ask, messages):
    rng = random.Random(0)
    signs = "()[],.:=*`'\"\\ \n{}$<%#0123LSTMInputreshapeNone"
    odd = ["".join(rng.choices(signs, k=rng.randint(1, 60))) for _ in range(400)]
    cut = [text[: rng.randint(1, 80)] for text in messages.values()]
    lines = [f"{name}{rng.choice(odd)}" for name in ("LSTM(", "reshape(", "Input(") for _ in odd]
    answers = ask(*odd, *cut, *lines, "(" * 4000, "LSTM(" * 800, "1, " * 1300)
    assert all(answer is None or answer["title"] for answer in answers)


# The box ---------------------------------------------------------------------------------------


ANSWERED = """text => location.hash === `#doctor=${encodeURIComponent(text)}`
    && document.querySelector('.doctor-title') && !document.querySelector('.doctor-title small')"""


def typed(page, text):
    """Type a text into the box, and wait for its answer."""
    page.get_by_label("An error message, a shape or a line of code").fill(text)
    page.wait_for_function(ANSWERED, arg=text)
    return page.locator(".doctor-answer")


@pytest.mark.parametrize("path", PAGES)
def test_it_answers_on_each_page_and_a_link_opens_the_same(visit, path):
    view = visit(f"{path}#doctor={quote('(812, 9)')}")
    page, card = view.page, view.page.locator(".doctor-answer")
    expect(card).to_contain_text("Two axes, and an LSTM reads three")
    expect(page.locator("#doctor textarea")).to_have_value("(812, 9)")
    expect(page.locator("#doctor")).to_be_in_viewport()
    typed(
        page, "ValueError: Received a label value of 7 which is outside the valid range of [0, 5)"
    )
    expect(card).to_contain_text("Received a label value of")
    assert "#doctor=ValueError" in page.url
    card.get_by_text("The whole entry").click()
    page.wait_for_url("**/error_messages.html#received-a-label-value-of")
    expect(page.locator("#received-a-label-value-of p").first).to_be_visible()
    assert view.complaints == []


def test_the_keyboard_is_enough(visit):
    page = visit(f"{ERRORS}#doctor={quote('(8760, 5)')}").page
    card = page.locator(".doctor-answer")
    expect(card.locator("pre")).to_contain_text("x = x[..., np.newaxis]")
    assert card.locator("svg").get_attribute("aria-label") == "(8760, 5, 1)"
    card.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    expect(card.locator("pre")).to_contain_text("x = x[np.newaxis]")
    assert card.locator("svg").get_attribute("aria-label") == "(1, 8760, 5)"
    page.locator("#doctor textarea").focus()
    page.keyboard.press("Enter")  # no new line: the answer is there
    expect(page.locator("#doctor textarea")).to_have_value("(8760, 5)")
    page.keyboard.press("Escape")
    expect(page.locator("#doctor textarea")).to_have_value("")
    expect(card).to_contain_text("For example:")
    assert "#" not in page.url


def test_it_copies_code_and_link(visit, address):
    view = visit(ERRORS, permissions=["clipboard-read", "clipboard-write"])
    card = typed(view.page, "model.add(LSTM(50, batch_input_shape=(1, 1, 1), stateful=True))")
    for name, wanted in (("Copy", "model.add(keras.Input(batch"), ("Copy a link", address)):
        card.get_by_role("button", name=name, exact=name == "Copy").click()
        expect(view.page.locator("#doctor [role=status]")).to_have_text("Copied")
        assert view.page.evaluate("navigator.clipboard.readText()").startswith(wanted)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_moves_and_each_state_is_accessible(visit, doctor, width):
    view = visit(ERRORS, width)
    page = view.page
    below = page.locator("#how-to-find-yours")
    page.locator(".doctor-title").wait_for()
    place, height = below.bounding_box()["y"], page.locator("#doctor").bounding_box()["height"]
    examples = page.locator(".doctor-examples button").all_inner_texts()
    assert len(examples) == 4
    moved = []
    entries = [entry["title"] for entry in doctor("doctor.entries")]
    for number, text in enumerate([*examples, *LINES, *entries]):
        typed(page, text)
        if (below.bounding_box()["y"], page.locator("#doctor").bounding_box()["height"]) != (
            place,
            height,
        ):
            moved.append((text, page.locator("#doctor").bounding_box()["height"] - height))
        if number < 8:
            assert view.axe("#doctor") == [], text
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), text
    assert moved == []
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert view.axe("#doctor") == []
    small = """least => [...document.querySelectorAll(
            '#doctor :is(button, fieldset label, textarea)')]
        .filter(part => part.checkVisibility() && part.offsetHeight < least)
        .map(part => part.outerHTML)"""
    assert page.evaluate(small, 32 if width == WIDTHS[0] else 44) == []  # a finger is larger


def test_the_landing_page_fetches_it_when_it_comes_near_and_it_is_light(visit, site):
    view = visit("index.html", width=390)
    asked = "() => !!document.querySelector('script[src*=doctor_answers]')"
    assert not view.page.evaluate(asked)
    view.page.locator("#doctor").scroll_into_view_if_needed()
    view.page.wait_for_function(asked)
    expect(view.page.locator(".doctor-answer")).to_contain_text("For example:")
    sizes = {
        name: len(gzip.compress((site / "_static" / name).read_bytes()))
        for name in ("doctor.js", "doctor.css", "doctor_answers.js")
    }
    assert sizes["doctor.js"] + sizes["doctor.css"] < 6 * 1024  # at once
    assert sizes["doctor_answers.js"] < 24 * 1024  # when it is used


def test_what_is_typed_is_text(visit):
    page = visit(ERRORS).page
    for text in ('<img src=x onerror="window.ran = 1">(3, 4)', "LSTM(<b>4</b>, banana=1)"):
        typed(page, text)
    page.goto(page.url.partition("#")[0] + "#doctor=%E0%A4%A")  # a broken address
    page.locator(".doctor-title").wait_for()
    assert page.evaluate("window.ran") is None
    assert page.locator(".doctor-answer :is(img, b)").count() == 0


def test_without_a_script_and_from_disk(browser, site):
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / "index.html").as_uri())
    for name in ("error messages", "questions"):
        assert page.locator("#doctor").get_by_role("link", name=name).is_visible()
    page.close()
    page = browser.new_page()
    page.goto(f"{(site / ERRORS).as_uri()}#doctor={quote('(25, 3)')}")
    expect(page.locator(".doctor-answer")).to_contain_text("Two axes, and an LSTM reads three")
    page.close()


def test_its_links_lead_somewhere(doctor, site):
    words = json.loads((ROOT / "utils/labs/doctor/words.json").read_text(encoding="utf-8"))
    for _, address in words["sections"].values():
        path, _, anchor = address.partition("#")
        assert f'id="{anchor}"' in (site / path).read_text(encoding="utf-8"), address
    code = (ROOT / "utils/labs/doctor/doctor_text.js").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:, |named\()"([a-z\d]+(?:-[a-z\d]+){2,})"', code))
    assert len(named) >= 8 and named <= {entry["id"] for entry in doctor("doctor.entries")}
