"""Importing what needs no training must not load a deep-learning library: it takes seconds."""

import subprocess
import sys

from book_files import ROOT

LIGHT = ["utils", "utils.windows", "utils.shapes", "utils.lstm_numpy", "utils.pytorch_layout"]
LIGHT += ["utils.labs"]


def test_imports_load_no_deep_learning_library():
    code = "import sys\n"
    for module in LIGHT:
        code += f"import {module}\n"
        code += f"print('{module}', {{'tensorflow', 'keras', 'torch', 'jax'}} & set(sys.modules))\n"
    code += "import keras\nprint('keras' in sys.modules)\n"  # the check would notice it
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines() == [f"{module} set()" for module in LIGHT] + ["True"]
