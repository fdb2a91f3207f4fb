"""Measure, and write what was measured into `benchmarks/RESULTS.md`: `make bench`.

    python -m benchmarks [labs] [published_code] [notebooks] [pages] [claims]

What a part prints becomes its section, with the date, the machine and the versions. Sections of
parts that are not named stay as they are.
"""

import os
import platform
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from experiments.study import versions

RESULTS = Path(__file__).with_name("RESULTS.md")
PARTS = {  # the title of each; all but the last are modules here
    "labs": "Labs in a browser",
    "published_code": "The trainer for many seeds against `fit`",
    "notebooks": "Notebooks",
    "pages": "Weight of the pages",
    "claims": "What the hidden tests notice",
}
HEAD = """\
# What was measured

`make bench` writes this file; `make bench PART=labs` writes one section anew. How long each
notebook took when the site was built stands on the site, under *Execution times*.
"""


def main(names):
    """Measure the parts that are named, or all; end with an error if one of them failed."""
    if unknown := set(names) - set(PARTS):
        sys.exit(f"There is no {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}.")
    failed = [name for name in names or PARTS if not measure(name)]
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


def measure(name):
    """Run one part, replace its section, and say whether it succeeded."""
    print(f"{PARTS[name]} ...", flush=True)
    conditions = machine()
    what = ["tests/break_claims.py"] if name == "claims" else ["-m", f"benchmarks.{name}"]
    run = subprocess.run([sys.executable, *what], stdout=subprocess.PIPE, text=True)
    print(run.stdout)
    if run.returncode == 0:
        write_section(RESULTS, PARTS[name], f"{run.stdout.strip()}\n\n{conditions}")
    return run.returncode == 0


def write_section(path, title, text):
    """Replace a section of the results, or add it; all stand in the order of PARTS."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    pieces = re.split(r"^## (.+)\n", before, flags=re.MULTILINE)[1:]
    sections = {title: body.strip() for title, body in zip(pieces[::2], pieces[1::2], strict=True)}
    sections[title] = text
    known = [title for title in PARTS.values() if title in sections]
    body = "".join(f"\n## {title}\n\n{sections[title]}\n" for title in known)
    path.write_text(HEAD + body, encoding="utf-8")


def machine():
    """Return when, on what, and with which versions something is measured, as a sentence."""
    info = Path("/proc/cpuinfo")
    known = re.search(r"model name\s*: (.+)", info.read_text("utf-8")) if info.is_file() else None
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    machine = f"{known[1] if known else platform.machine()}, {os.cpu_count()} cores{load}"
    installed = [f"{name} {version}" for name, version in versions().items()]
    software = ", ".join([platform.system(), f"Python {platform.python_version()}", *installed])
    return f"Measured on {date.today()}: {machine}; {software}."


if __name__ == "__main__":
    main(sys.argv[1:])
