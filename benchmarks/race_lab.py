"""Time the Race lab in a real browser: `python benchmarks/race_lab.py [runs]`.

Prints, for 500 epochs of 23 windows with 3 steps and 32 units, both models: the seconds from the
click on Train to the last sentence, and how many of them one core worked for the page; the longest
task that kept the page from answering; how long a click waited.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

from find_chromium import find_chromium, is_root  # noqa: E402
from lab_page import write_page  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from utils.labs.race import RaceLab  # noqa: E402

# Set before the lab starts: how long each task of its own takes, by what called it.
MEASURE = """
window.tasks = { frames: [], slices: [], delays: [] };
const timed = (list, work) => (...given) => {
    const start = performance.now();
    const result = work(...given);
    list.push(performance.now() - start);
    return result;
};
window.ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (work) => ask(timed(tasks.frames, work));
const port = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
Object.defineProperty(MessagePort.prototype, "onmessage", {
    ...port, set(work) { port.set.call(this, timed(tasks.slices, work)); },
});
new PerformanceObserver((list) => list.getEntries().forEach((entry) =>
    tasks.delays.push(entry.processingStart - entry.startTime)))
    .observe({ type: "event", durationThreshold: 16 });
"""
TRAIN = """async () => {
    const ended = () => / epochs: /.test(document.querySelector(".race-verdict").textContent);
    tasks.frames.length = tasks.slices.length = 0;
    const start = performance.now();
    document.querySelector('[data-key="train"]').click();
    while (!ended()) await new Promise((go) => setTimeout(go, 20));
    return (performance.now() - start) / 1000;
}"""


def open_lab(browser, folder):
    """Open a page with one lab in its opening state."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.add_init_script(MEASURE)
    page.goto(write_page(folder, [RaceLab()]).as_uri())
    page.locator(".race").wait_for()
    return page


def worked(session):
    """Return for how many seconds a core has worked on the page's tasks."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def main(runs):
    """Print the figures of `runs` runs."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        path = find_chromium(playwright)
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=not is_root())
        print("| 500 epochs | of it one core | longest task | a click waits at most |")
        print("|---|---|---|---|")
        for _ in range(runs):
            page = open_lab(browser, Path(name))
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            before = worked(session)
            seconds = page.evaluate(TRAIN)
            core = worked(session) - before
            slices, frames = page.evaluate("[tasks.slices, tasks.frames]")
            longest = max(*slices, *frames)
            page.get_by_role("button", name="Start again").click()
            for place in range(8):
                page.locator(f'[data-key="letter-0-{place}"]').click()
            page.get_by_role("button", name="Stop").click()
            page.wait_for_timeout(200)
            waited = max(page.evaluate("tasks.delays"), default=0)
            print(f"| {seconds:.2f} s | {core:.2f} s | {longest:.0f} ms | {waited:.0f} ms |")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
