"""What the tests of all labs share: random weights, the modules' functions, odd inputs."""

import json

import numpy as np

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
            if (tries > 10000) throw new Error("it never came");
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
    U, C = units, classes
    shapes = [(features, 4 * U), (U, 4 * U), (4 * U,), (U, C), (C,)]
    return [rng.normal(scale=scale, size=shape).astype("float32") for shape in shapes]


def scrolls_sideways(page):
    """Say whether the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def drawn(page):
    """Wait until the labs have drawn what was asked of them.

    A lab draws once a frame. The frames asked for here come after those asked for before.
    """
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def focus(page):
    """Return the key of the control that has the keyboard's attention."""
    return page.evaluate("document.activeElement.dataset.key")


def press(page, *keys):
    """Press keys, one after the other, and wait until the labs have drawn."""
    for key in keys:
        page.keyboard.press(key)
    drawn(page)


def call(page, module, expression, *arguments):
    """Evaluate `expression` with the exports of a shared module as `m` and arguments as `a`.

    `page` is the fixture `core`.
    """
    code = "async ([module, a]) => { const m = await import(module); return (EXPRESSION); }"
    return page.evaluate(code.replace("EXPRESSION", expression), [f"./{module}.js", [*arguments]])


def to_json(weights, lab_class):
    """Return weights as a lab sends them to its module."""
    return json.loads(json.dumps(lab_class(weights=weights).get_state()["weights"]))
