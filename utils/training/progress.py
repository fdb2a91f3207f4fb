"""A progress bar for trainings that take seconds."""

import os
import sys

from tqdm.auto import tqdm


def is_watched():
    """Say whether someone looks on: a terminal, JupyterLab or Colab; not a build or a test.

    Notebook servers and Colab set a variable for their kernels. The build of the book, which
    stores what a cell prints, sets none.
    """
    live_notebook = {"JPY_SESSION_NAME", "COLAB_RELEASE_TAG"} & set(os.environ)
    return bool(live_notebook) or sys.stderr.isatty()


def progress_bar(total, unit, description=None):
    """Return a `tqdm` bar, silent where nobody looks on, that vanishes when it is done.

    Parameters
    ----------
    total : int
        How much there is to do.
    unit : str
        Of what.
    description : str, optional
        What stands before the bar.

    Returns
    -------
    tqdm.tqdm
        To be used in a `with`; its `update` tells how much more was done. It appears only if the
        work takes longer than a second.
    """
    return tqdm(
        total=total,
        unit=f" {unit}",
        desc=description,
        leave=False,
        delay=1,
        disable=not is_watched(),
    )
