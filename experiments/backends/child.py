"""Run events and reports on the back end of this process; print one JSON line for each.

`KERAS_BACKEND=jax python -m experiments.backends.child cpu NAME …`; the study starts it. A name is
that of an event, or the path of a report.
"""

import contextlib
import io
import json
import platform
import re
import runpy
import sys
import warnings
from importlib import metadata

PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "jax": ("jax", "jaxlib"),
    "torch": ("torch",),
}


def has_gpu(backend):
    """Ask the back end itself; Keras's own list knows only two of the three."""
    if backend == "tensorflow":
        import tensorflow

        return bool(tensorflow.config.list_physical_devices("GPU"))
    if backend == "jax":
        import jax

        return jax.default_backend() == "gpu"
    import torch

    return torch.cuda.is_available()


def versions(backend):
    """Return the versions that the verdicts depend on."""
    found = {"python": platform.python_version()}
    for package in ("keras", "numpy", *PACKAGES[backend]):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def short(error):
    """Return the part of a message that is about the fault: no stack trace, paths or colours."""
    lines = [re.sub(r"\x1b\[\d*m", "", line).strip() for line in str(error).splitlines()]
    lines = [line for line in lines if not re.match(r'File "|Detected at|Stack|/', line)]
    text = " ".join(line for line in lines if line)
    text = re.sub(r"Exception encountered when calling \S+ |Graph execution error: ", "", text)
    # Which of several operations that run side by side fails first changes from run to run.
    text = re.sub(r"\[(\d+),\d+\] vs\. \[(\d+),\d+\]", r"[\1,…] vs. [\2,…]", text)
    text = re.split(r"\s*\[\[\{\{| Hint: | Arguments received | Label values: ", text)[0]
    return f"{type(error).__name__}: {text}"[:200].strip()


def answer(name):
    """Return the verdict of an event or what a report prints, or that and how it raises."""
    from experiments.backends.events import EVENTS

    try:
        if not name.endswith(".py"):
            return {"verdict": EVENTS[name][1]()}
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            runpy.run_path(name)
        return {"prints": printed.getvalue().strip()}
    except AssertionError:
        raise  # a fault of the study, not of Keras
    except Exception as error:
        return {"verdict": "raises", "message": short(error)}


def main(device, *names):
    """Print the versions, then the answers."""
    warnings.simplefilter("ignore")
    import keras

    backend = keras.backend.backend()
    if device == "gpu" and not has_gpu(backend):
        print(json.dumps({"device": None}))
        return
    print(json.dumps({"device": device, "versions": versions(backend)}), flush=True)
    for name in names:
        keras.utils.set_random_seed(0)
        print(json.dumps({"name": name, **answer(name)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
