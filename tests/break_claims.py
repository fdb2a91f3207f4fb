"""Break what stands on the pages, one change at a time, and count what the hidden tests notice.

`python tests/break_claims.py --changes 100` draws changes over all notebooks: one number, one
argument or one comparison of an open cell. Each runs in a scratch copy of the notebook. It counts

- *noticed*: a cell stopped the notebook;
- *missed*: the page prints something else, and nothing stopped;
- *no difference*: the page prints the same, so there was nothing to notice.

The share that matters is noticed / (noticed + missed). `make bench PART=claims` keeps the counts.
"""

import argparse
import ast
import os
import random
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]
CLOSED = {"hide-input", "hide-cell", "remove-cell", "remove-input", "test", "set-up", "solution"}
OPPOSITE = {
    ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
WORDS = {"pre": "post", "post": "pre", "mse": "mae", "tanh": "sigmoid"}


def is_open(cell):
    """Say whether a cell stands open on the page."""
    return cell.cell_type == "code" and not CLOSED & set(cell.metadata.get("tags", []))


def changes_of(source):
    """Yield (what, changed source) for each number, argument and comparison of a cell."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a line such as `%timeit`
        return
    formats = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and node.format_spec
        for part in ast.walk(node.format_spec)
    }
    for node in ast.walk(tree):
        if id(node) in formats:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield change(source, node, str(not node.value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield change(source, node, str(node.value + 1))
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield change(source, node, repr(node.value * 1.5 or 0.5))
        elif isinstance(node, ast.Constant) and node.value in WORDS:
            yield change(source, node, repr(WORDS[node.value]))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            parts = (ast.unparse(node.left), ast.unparse(node.comparators[0]))
            yield change(source, node, f"({parts[0]} {OPPOSITE[type(node.ops[0])]} {parts[1]})")


def change(source, node, new):
    """Return what is changed, in words, and the source with `new` in the place of a node."""
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    code = source.encode()
    old = code[start:end].decode()
    return f"line {node.lineno}: {old} -> {new}", (
        code[:start] + new.encode() + code[end:]
    ).decode()


def run(path, cell_id=None, source=None):
    """Run a notebook, with another source for one cell; return what stopped it, and its prints.

    Returns
    -------
    stopped_by : str or None
        The id of the cell that raised.
    printed : dict
        For each open cell, the text that it prints.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.id == cell_id:
            cell.source = source
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": path.parent}})
    stopped_by = None
    try:
        client.execute()
    except CellExecutionError:
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        failed = [c for c in code for o in c.outputs if o.output_type == "error"]
        stopped_by = failed[0].id if failed else "?"
    except Exception as error:  # the kernel died or a cell took too long
        stopped_by = type(error).__name__
    printed = {cell.id: text_of(cell) for cell in notebook.cells if is_open(cell)}
    return stopped_by, printed


def text_of(cell):
    """Return what a cell prints, without what differs from run to run."""
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]
    return re.sub(r"0x[0-9a-f]+", "0x", "".join(texts))


def judge(path, plain, unstable, cell_id, source):
    """Return the verdict on one change: noticed, missed or no difference."""
    stopped_by, printed = run(path, cell_id, source)
    if stopped_by:
        return "noticed"
    differs = any(printed[name] != plain[name] for name in plain if name not in unstable)
    return "missed" if differs else "no difference"


def main():
    """Read the command line, break, count."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="another seed draws fresh changes")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    everything = [*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("reference/*.ipynb")]
    paths = [path.resolve() for path in asked.notebooks] or sorted(everything)
    os.environ["MPLBACKEND"] = "agg"
    candidates = [
        (path, cell.id, *changed)
        for path in paths
        for cell in nbformat.read(path, as_version=4).cells
        if is_open(cell)
        for changed in changes_of(cell.source)
    ]
    drawn = random.Random(asked.seed).sample(candidates, min(asked.changes, len(candidates)))
    verdicts = {"noticed": 0, "missed": 0, "no difference": 0}
    missed = []
    with ThreadPoolExecutor(asked.processes) as pool:
        used = sorted({path for path, *_ in drawn})
        twice = list(pool.map(run, used + used))
        plain, unstable = {}, {}
        for index, path in enumerate(used):
            (stopped_by, first), (_, second) = twice[index], twice[index + len(used)]
            if stopped_by:
                sys.exit(f"{path.name} does not run as it is: {stopped_by}")
            plain[path] = first
            unstable[path] = {name for name in first if first[name] != second[name]}

        def verdict(drawing):
            path, cell_id, what, source = drawing
            return judge(path, plain[path], unstable[path], cell_id, source)

        for (path, cell_id, what, _), said in zip(drawn, pool.map(verdict, drawn), strict=True):
            verdicts[said] += 1
            if said == "missed":
                missed.append(f"{path.stem}, {cell_id}, {what}")
            print(f"{said:14} {path.stem}, {cell_id}, {what}", file=sys.stderr, flush=True)
    altered = verdicts["noticed"] + verdicts["missed"]
    print(
        f"{len(drawn)} changes of one number, argument or comparison in open cells of "
        f"{len(used)} notebooks (seed {asked.seed}): {altered} alter what a page prints, and the "
        f"hidden tests notice {verdicts['noticed']} of these."
    )
    print("".join(f"\n- not noticed: {place}" for place in missed))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["IPYTHONDIR"] = scratch  # kernels share no history
        main()
