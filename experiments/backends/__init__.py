"""Where TensorFlow, JAX and PyTorch agree about state, masks and labels, and where they do not.

`events` holds the questions, each a small function; `reports` the surprises as short programs
that can be sent upstream. Both run once on each back end and device that is found: TensorFlow in
the environment of the book, JAX and PyTorch in those that `make backends` makes. Each run is a
process of its own, so that a crash is a result, too.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from experiments import study
from experiments.backends.from_the_source import GPU

ROOT = Path(__file__).resolve().parents[2]
REPORTS = "experiments/backends/reports"
BACKENDS = ("tensorflow", "jax", "torch")


def main(check=False):
    """Ask every question on every back end and device; store the answers, or compare them."""
    return study.run(__name__, measure, check)


def measure():
    """Return the verdicts, the outputs of the reports, and what they were measured with."""
    events = describe()
    reports = [f"{REPORTS}/{path.name}" for path in sorted((ROOT / REPORTS).glob("*.py"))]
    environments, results = {}, {name: {} for name in [*events, *reports]}
    for backend in BACKENDS:
        for device in ("cpu", "gpu"):
            versions, answers = ask(backend, device, list(results))
            if versions is None:
                print(f"  {backend}: no {device} is found.", flush=True)
                continue
            environments[f"{backend} {device}"] = versions
            for name, answer in answers.items():
                results[name][f"{backend} {device}"] = answer
            print(f"  {backend}, {device}: {len(answers)} answers.", flush=True)
    return {
        "settings": {"events": events, "environments": environments, "gpu_from_the_source": GPU},
        "results": results,
    }


def interpreter(backend):
    """Return the Python that has this back end.

    Raises
    ------
    FileNotFoundError
        If its environment is not there.
    """
    if backend == "tensorflow":
        return sys.executable
    for place in ("bin/python", "Scripts/python.exe"):
        path = ROOT / f".venv-{backend}" / place
        if path.is_file():
            return str(path)
    raise FileNotFoundError(
        f".venv-{backend} is not there, and holds the Python with {backend}: run `make backends`."
    )


def environment(backend, device):
    """Return the environment variables of a child: one back end, and no GPU unless asked for."""
    hidden = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"} if device == "cpu" else {}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    return {**os.environ, **quiet, **hidden, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}


def describe():
    """Return group and question of each event, in order."""
    code = (
        "import json; from experiments.backends.events import EVENTS; print(json.dumps({name: "
        "{'group': group, 'question': function.__doc__.splitlines()[0]} "
        "for name, (group, function) in EVENTS.items()}))"
    )
    run = subprocess.run(
        [interpreter("tensorflow"), "-c", code],
        env=environment("tensorflow", "cpu"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def ask(backend, device, names):
    """Return the versions and an answer for each name; (None, {}) without such a device."""
    versions, answers = None, {}
    while left := [name for name in names if name not in answers]:
        run = subprocess.run(
            [interpreter(backend), "-m", "experiments.backends.child", device, *left],
            env=environment(backend, device),
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        if not lines or "AssertionError" in run.stderr:
            raise RuntimeError(f"{backend} on the {device}: the study itself fails.\n{run.stderr}")
        if lines[0]["device"] is None:
            return None, {}
        versions = lines[0]["versions"]
        for line in lines[1:]:
            answers[line.pop("name")] = line
        if len(lines) <= len(left):  # the process ended within the next one
            answers[next(name for name in left if name not in answers)] = {"verdict": "crashed"}
    return versions, answers
