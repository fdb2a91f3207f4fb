"""What the tests of all labs share: random weights, the modules' functions, odd inputs."""

import json

import numpy as np

from experiments import study
from utils.labs import LanesLab, RaceLab, ShapeLab, StateLab, StepLab
from utils.windows import ALPHABET

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


LARGEST = {  # what takes most room
    "ShapeLab": lambda **o: ShapeLab(text=ALPHABET, window=8, **o),
    "StepLab": lambda **o: StepLab(
        weights=random_weights(12), word="ABCDEFGHIJ", step=4, trained_to=5, **o
    ),
    "RaceLab": lambda **o: RaceLab(window=6, epochs=10, **o),
    "StateLab": lambda **o: StateLab(
        weights=random_weights(12), text=ALPHABET, batch_size=5, passes=2, resets=[3], **o
    ),
    "LanesLab": lambda **o: LanesLab(length=60, batch_size=6, time_steps=8, cut="overlapping", **o),
}


def stored(name, key):
    """Return the weights that a study has stored with the book."""
    return [np.array(weight) for weight in study.load(name)["results"][key]]


BOOK = {  # as on the page of all labs
    "ShapeLab": ShapeLab,
    "StepLab": lambda **o: StepLab(
        weights=stored("up_and_down", "weights"),
        trained_to=study.load("up_and_down")["settings"]["longest"],
        **o,
    ),
    "RaceLab": RaceLab,
    "StateLab": lambda **o: StateLab(weights=stored("counting_calls", "weights of seed 0"), **o),
    "LanesLab": LanesLab,
}
# What is touched and is smaller than a finger.
SMALL = """() => [...document.querySelectorAll(
        '.lab :is(button, input, select, summary, td[data-row], div[data-row], span[data-row])')]
    .map(part => part.closest('label') ?? part)
    .filter(part => part.checkVisibility())
    .filter(part => part.offsetHeight < 44
        || (part.offsetWidth < 44 && part.matches('button, label')))
    .map(part => `${part.offsetWidth}×${part.offsetHeight} ${part.outerHTML.slice(0, 120)}`)"""


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
