"""What the tests of all labs share: random weights, the module's functions, axe, odd inputs."""

import json

import numpy as np
from axe import violations

from utils.labs.lab import FOLDER

# A model without Python, a lab rendered on it, and how its end is waited for; for `call`.
MODEL = """
    class Model {
        constructor(values) { this.values = values; this.listeners = {}; this.saved = 0; }
        get(name) { return this.values[name]; }
        set(name, value) {
            if (Object.is(this.values[name], value)) return;
            this.values[name] = value;
            for (const listener of [...(this.listeners[`change:${name}`] ?? [])]) listener();
        }
        on(event, listener) { (this.listeners[event] ??= []).push(listener); }
        off(event, listener) {
            this.listeners[event] = (this.listeners[event] ?? []).filter((l) => l !== listener);
        }
        save_changes() { this.saved++; }
    }
    const el = document.body.appendChild(document.createElement("div"));
    const model = new Model(a[0]);
    const cleanUp = m.default.render({ model, el });
    const until = async (done) => {
        for (let tries = 0; !done(); tries++) {
            if (tries > 1000) throw new Error("it never came");
            await new Promise((go) => setTimeout(go, 10));
        }
    };
"""
ODD_TEXTS = {
    "empty": "",
    "very long": "ABCDEFGHIJ" * 100,
    "digits and signs": "12 + 3 = ?",
    "emoji": "A\N{GRINNING FACE}B\N{FAMILY}C\u0301",
    "html": '<img src=x onerror="window.ran = true">ABC',
    "script": "</script><script>window.ran = true</script>",
    "quotes": "A'B\"C`D${window.ran = true}",
    "other letters": "ÄÖÜ дом 你好",
}


def random_weights(units, features=1, classes=26, seed=0, scale=0.7):
    """Return the five arrays of LSTM and Dense, as `model.get_weights()` orders them."""
    rng = np.random.default_rng(seed)
    shapes = [
        (features, 4 * units),
        (units, 4 * units),
        (4 * units,),
        (units, classes),
        (classes,),
    ]
    return [rng.normal(scale=scale, size=shape).astype("float32") for shape in shapes]


def serious(page):
    """Return what axe calls serious or critical on the page as it stands."""
    return [
        (found["id"], found["nodes"][0]["html"][:200], found["nodes"][0]["failureSummary"])
        for found in violations(page)
        if found["impact"] in ("serious", "critical")
    ]


def scrolls_sideways(page):
    """Say whether the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def small_targets(page, limit=44):
    """Return the controls that are less than `limit` pixels high or wide to a finger."""
    return page.evaluate(
        """limit => [...document.querySelectorAll('.lab :is(button, input, select, summary)')]
            .map(control => control.closest('label') ?? control)
            .filter(area => area.offsetParent)
            .filter(area => area.offsetHeight < limit || area.offsetWidth < limit)
            .map(area => area.outerHTML.slice(0, 150))""",
        limit,
    )


def drawn(page):
    """Wait until the labs have drawn what was asked of them.

    A lab draws once a frame. The frame asked for here comes after those asked for before it.
    """
    page.evaluate("() => new Promise(requestAnimationFrame)")


def call(page, module, expression, *arguments):
    """Evaluate `expression` with the exports of a shared module as `m` and arguments as `a`.

    The page must be served over http from a folder that holds the modules; see `core`.
    """
    code = "async ([module, a]) => { const m = await import(module); return (EXPRESSION); }"
    code = code.replace("EXPRESSION", expression)
    return page.evaluate(code, [f"./{module}.js", list(arguments)])


def write_modules(folder):
    """Copy the JavaScript files beside an empty page; return the page's name."""
    for path in FOLDER.glob("*.js"):
        (folder / path.name).write_bytes(path.read_bytes())
    empty = '<!DOCTYPE html><html lang="en"><title>Core</title><link rel="icon" href="data:,">'
    (folder / "core.html").write_text(empty, encoding="utf-8")
    return "core.html"


def to_json(weights, lab_class):
    """Return weights as a lab sends them to its module."""
    return json.loads(json.dumps(lab_class(weights=weights).get_state()["weights"]))
