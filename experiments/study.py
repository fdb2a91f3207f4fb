"""What all studies share: one JSON file in `data/`, with how it was made and a checksum.

A study is a module of this folder:

    def measure():
        ...
        return {"settings": {...}, "results": {...}}  # JSON: numbers, texts, lists, dicts

    def main(check=False):
        return study.run(__name__, measure, check)
"""

import hashlib
import json
import platform
import re
import time
from datetime import date
from importlib import metadata
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"
PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "numpy")


def run(module, measure, check=False, tolerance=0.0):
    """Measure and store; or, to check, measure anew and print what differs.

    Parameters
    ----------
    module : str
        `__name__` of the study; its last part names the file, `data/NAME.json`.
    measure : callable
        Returns a dict with `settings` and `results`, of what JSON can hold.
    check : bool
        Compare with the stored results instead of writing them.
    tolerance : float
        How far a number may be from the stored one and still count as the same.

    Returns
    -------
    int
        How many numbers or texts differ from the stored ones; 0 where nothing is compared.
    """
    name = module.rpartition(".")[2]
    start = time.perf_counter()
    measured = json.loads(json.dumps(measure()))
    seconds = time.perf_counter() - start
    if not check:
        store(name, measured, seconds)
        print(f"data/{name}.json is written, after {seconds:.0f} s.")
        return 0
    found = list(differences(load(name)["results"], measured["results"], tolerance))
    for place, stored, fresh in found:
        print(f"  {place}: {fresh!r}; stored: {stored!r}")
    print(f"{name}: {len(found)} values differ from the stored ones.")
    return len(found)


def store(name, measured, seconds=None):
    """Write `data/NAME.json`: settings, results, versions, the date and a checksum.

    Raises
    ------
    ValueError
        If `measured` lacks `settings` or `results`.
    """
    if set(measured) != {"settings", "results"}:
        raise ValueError(
            f"measured: wanted a dict with the keys settings and results, got {sorted(measured)}."
        )
    content = {
        "made_by": f"python -m experiments {name}",
        "made_on": date.today().isoformat(),
        "seconds": seconds and round(seconds),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": versions(),
        **measured,
    }
    content["sha256"] = checksum(content)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    text = re.sub(r'\[[^]["{}]+\]', lambda numbers: " ".join(numbers[0].split()), text)
    (DATA / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def load(name):
    """Return what `store` wrote under this name, as a dict.

    Raises
    ------
    FileNotFoundError
        If there is no such file: the study was not run.
    ValueError
        If the file was edited or cut short.
    """
    path = DATA / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"data/{name}.json is not there: run `python -m experiments {name}`."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = {}
    if content.get("sha256") != checksum(content):
        raise ValueError(
            f"data/{name}.json: its checksum does not fit, so it was edited or cut short. Fetch it "
            f"again, or run `python -m experiments {name}`."
        )
    return content


def checksum(content):
    """Return the SHA-256 of everything but the checksum itself."""
    rest = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def versions():
    """Return the versions of what is installed of the packages that results depend on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def differences(stored, fresh, tolerance=0.0, place=""):
    """Yield (place, stored, fresh) for each leaf in which two results differ."""
    if isinstance(stored, dict) and isinstance(fresh, dict) and stored.keys() == fresh.keys():
        for key in stored:
            yield from differences(stored[key], fresh[key], tolerance, f"{place}/{key}")
    elif isinstance(stored, list) and isinstance(fresh, list) and len(stored) == len(fresh):
        for index, pair in enumerate(zip(stored, fresh, strict=True)):
            yield from differences(*pair, tolerance, f"{place}/{index}")
    elif isinstance(stored, int | float) and isinstance(fresh, int | float):
        if not abs(stored - fresh) <= tolerance:  # so that NaN differs from every number
            yield place, stored, fresh
    elif stored != fresh:
        yield place, stored, fresh
