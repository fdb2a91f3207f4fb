"""How fast the labs appear and answer, in a real browser: `python -m benchmarks.labs`.

The size of all labs; for each, the time from its module to its first layout, and the time that one
action takes (event, computation, drawing, layout), as median and 95th percentile over many. All is
done several times, and of each the shortest time counts: the others were disturbed by what else the
machine does.
"""

import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks import head, row
from tools.browsing import open_chromium
from tools.lab_page import size_of_all_labs, write_page
from utils import labs
from utils.windows import ALPHABET

UNITS, ACTIONS, ROUNDS = 32, 100, 5
LARGE = {  # the settings with which a lab has most to do
    "ShapeLab": {"text": ALPHABET, "window": 3},
    "StepLab": {"word": ALPHABET[:10]},
    "StateLab": {"text": ALPHABET[:25]},
}
# From the text of the module to the lab as it is laid out: what a first paint waits for.
APPEAR = """async () => {
    const written = document.querySelector("script[type*=widget-state]").textContent;
    const { state } = Object.values(JSON.parse(written).state).find(({ state }) => state._esm);
    const module = new Blob([state._esm], { type: "text/javascript" });
    const el = document.body.appendChild(document.createElement("div"));
    const model = { get: (name) => state[name], on() {}, off() {}, set() {}, save_changes() {} };
    const start = performance.now();
    const lab = (await import(URL.createObjectURL(module))).default;
    lab.render({ model, el });
    el.offsetHeight;
    return performance.now() - start;
}"""
# A lab draws in the frame after the event: what stands between two frames that are asked for.
ACT = """async (count) => {
    const sliders = [...document.querySelectorAll(".lab input[type=range]")];
    const buttons = '.lab [data-key^="gap-"]'; // where there is no slider: the resets
    const frame = () => new Promise((drawn) => requestAnimationFrame(() => {
        document.body.offsetHeight;
        drawn(performance.now());
    }));
    const times = [];
    for (let i = 0; i < count; i++) {
        const slider = sliders[i % sliders.length];
        const places = document.querySelectorAll(buttons);
        await frame();
        const begun = frame(), start = performance.now();
        if (slider) {
            const top = Math.min(slider.max, 26); // the Lanes lab can show 60 steps, others 26
            slider.value = Number(slider.min) + ((i * 7) % (top - slider.min + 1));
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        } else places[i % places.length].click();
        document.body.offsetHeight;
        const direct = performance.now() - start, ended = frame();
        times.push(direct - (await begun) + (await ended));
    }
    return times;
}"""


def weights():
    """Return weights of 32 units that read one feature and know 26 letters."""
    rng = np.random.default_rng(0)
    shapes = [(1, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,), (UNITS, 26), (26,)]
    return [rng.normal(scale=0.5, size=shape) for shape in shapes]


def measure(browser, lab, folder):
    """Return how long a lab takes to appear, and to follow each action, in milliseconds."""
    file, appears = write_page(folder, [lab]), []
    bare = folder / "bare.html"
    bare.write_text(file.read_text(encoding="utf-8").replace("mount.js", "data:,"), "utf-8")
    for _ in range(ROUNDS):
        page = browser.new_context().new_page()  # one that does not know the module yet
        page.goto(bare.as_uri())
        appears.append(page.evaluate(APPEAR))
        page.context.close()
    page = browser.new_page()
    page.goto(file.as_uri())
    page.locator(".lab").wait_for()
    times = np.min([page.evaluate(ACT, ACTIONS) for _ in range(ROUNDS)], axis=0)
    page.close()
    return min(appears), times


def main():
    """Print one line for each lab, and the size of all of them."""
    print(f"All labs and the mounting script: {size_of_all_labs() / 1024:.1f} KB gzip.\n")
    head("lab", "appears in", "an action takes", "95 % of them at most")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = open_chromium(playwright)
        for name in labs.__all__:
            lab_class = getattr(labs, name)
            settings = dict(LARGE.get(name, {}))
            if "weights" in lab_class.class_trait_names():
                settings["weights"] = weights()
            appears, times = measure(browser, lab_class(**settings), Path(folder))
            middle, slow = np.percentile(times, [50, 95])
            row(name, f"{appears:.0f} ms", f"{middle:.1f} ms", f"{slow:.1f} ms")
        browser.close()


if __name__ == "__main__":
    main()
