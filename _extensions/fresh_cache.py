"""Drop cached notebook outputs when the code they were computed with has changed.

The cache compares the notebooks only. It does not see an edit of `utils/`, of `experiments/`, of a
data file or of a pinned version, and would go on showing the old outputs.
"""

import hashlib
import shutil
from pathlib import Path

INPUTS = (
    "utils/**/*.py",
    "utils/**/*.mplstyle",
    "utils/**/*.js",
    "utils/**/*.css",
    "experiments/**/*.py",
    "data/**/*",
    "requirements.txt",
    "constraints.txt",
)


def fingerprint(book):
    """Return one hash over the names and contents of everything the notebooks build on."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in INPUTS for path in book.glob(pattern)}):
        if path.is_file():
            digest.update(path.relative_to(book).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def drop_stale_cache(app):
    """Empty the cache of executed notebooks unless it was made with today's inputs."""
    # The place is fixed on purpose (MyST-NB's own default): this function deletes the folder, so
    # no setting may ever point it at another one.
    cache = Path(app.outdir).parent / ".jupyter_cache"
    stamp = cache / "inputs.sha256"
    current = fingerprint(Path(app.srcdir))
    if not stamp.is_file() or stamp.read_text() != current:
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        stamp.write_text(current)


def setup(app):
    """Run before the first notebook is looked up in the cache."""
    app.connect("builder-inited", drop_stale_cache, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
