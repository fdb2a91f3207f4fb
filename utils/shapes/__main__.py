"""Explain a file of data in a terminal: python -m utils.shapes data.npy --model model.keras."""

import argparse
import sys

import numpy as np

from .verdict import explain


def main(arguments=None):
    """Print what `explain` says; return 0 if all is well, 1 if not, 2 if a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m utils.shapes", description=main.__doc__)
    parser.add_argument("data", help="a file of NumPy, .npy or .npz")
    parser.add_argument("--model", help="a model that Keras has saved, .keras")
    parser.add_argument("--labels", help="a file of NumPy, .npy")
    options = parser.parse_args(arguments)
    try:
        import keras  # asked for on the command line, so it may be loaded

        x, y = (None if name is None else np.load(name) for name in (options.data, options.labels))
        explanation = explain(x, options.model and keras.saving.load_model(options.model), y)
    except (OSError, ValueError, ImportError) as error:
        parser.error(str(error))
    print(explanation)
    return 0 if explanation.ok else 1


if __name__ == "__main__":
    sys.exit(main())
