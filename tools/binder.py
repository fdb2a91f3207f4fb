"""Do what mybinder.org does with the book, as far as it goes without containers: `make binder`.

repo2docker says how it would build the image. The same packages go into a fresh environment with
the same Python. In a clone of the last commit, JupyterLab then starts as an ordinary user, with
one core and 2 GB for everything, and each notebook runs from the top. Linux only; 15 minutes.
"""

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from tools.environments import clone_book, find_python, make_environment

REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
# mybinder.org stops what goes over 2 GB. The goal leaves room for what a reader adds.
MEMORY_LIMIT, MEMORY_GOAL, SECONDS_GOAL = 2000, 1600, 90  # MB, MB, seconds
NAME = "binder-drill"
TOKEN = "drill"
# Root may make one: in version 2 of control groups, or in version 1. And the file of its limit.
CONTROL_GROUPS = {
    Path("/sys/fs/cgroup", NAME): "memory.max",
    Path("/sys/fs/cgroup/memory", NAME): "memory.limit_in_bytes",
}


def main(names):
    """Build the environment, then run this file again inside it and inside the limits."""
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-") as folder:
        folder = Path(folder)
        folder.chmod(0o755)
        book = clone_book(folder)
        image = describe_image(folder, book)
        version = (book / "runtime.txt").read_text().strip().removeprefix("python-")
        if problems := image_problems(image, version):
            sys.exit("repo2docker would build another image:\n" + "\n".join(problems))
        print(f"repo2docker: {image['pack']}, Python {version}, {REPO2DOCKER}", flush=True)
        start = time.perf_counter()
        python = make_environment(
            folder / "environment",
            readable(find_python(version), folder),
            ["--no-cache-dir", *image["packages"]],
            ["--no-cache-dir", "-r", book / "requirements.txt"],
        )
        print(f"Environment: {time.perf_counter() - start:.0f} s to download and install.")
        subprocess.run([python, "-m", "pip", "check"])  # to be read; not all of it matters
        home = folder / "home"
        home.mkdir()
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", ordinary().pw_name, book, home], check=True)
        run = subprocess.run(
            [*scope(), python, "-m", "tools.binder", "inside", *names],
            cwd=book,
            env=os.environ
            | {"HOME": str(home), "PATH": f"{Path(python).parent}:{os.environ['PATH']}"},
        )
        for group in CONTROL_GROUPS:
            with suppress(OSError):
                group.rmdir()
        sys.exit(run.returncode)


def describe_image(folder, book):
    """Return what repo2docker would build; see `binder_image`."""
    python = make_environment(folder / "repo2docker", sys.executable, [REPO2DOCKER])
    command = [python, book / "tools" / "binder_image.py", book]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def image_problems(image, version):
    """Return what is not as the drill supposes it, each a sentence."""
    problems = []
    if image["pack"] != "PythonBuildPack":
        problems.append(f"It chooses {image['pack']}: it found a file that goes before ours.")
    if image["python"] != version:
        problems.append(f"It takes Python {image['python']}, not {version}.")
    copied = image["dockerfile"].find(" src/ ${REPO_DIR}/")
    installed = image["dockerfile"].find('pip install --no-cache-dir -r "requirements.txt"')
    if not 0 < copied < installed:
        problems.append("It installs requirements.txt before constraints.txt is there, or never.")
    return problems


def ordinary():
    """Return the user who runs the notebooks: whoever started this, or nobody for root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def readable(python, folder):
    """Return a Python that the ordinary user may run; a copy if it lies in the home of root."""
    if os.geteuid() == 0:
        try:
            subprocess.run([python, "-c", ""], user=ordinary().pw_uid, check=True)
        except PermissionError:
            original = Path(python).resolve()
            shutil.copytree(original.parents[1], folder / "python", symlinks=True)
            os.environ["LD_LIBRARY_PATH"] = str(folder / "python" / "lib")
            return str(folder / "python" / "bin" / original.name)
    return python


def scope():
    """Return the words before a command with which systemd holds it to the limit, or none."""
    words = ["systemd-run", "--user", "--scope", "--quiet", "--property", "MemorySwapMax=0"]
    words += ["--property", f"MemoryMax={MEMORY_LIMIT * 10**6}", "--unit", NAME]
    try:
        works = not subprocess.run([*words, "true"], stderr=subprocess.DEVNULL).returncode
    except FileNotFoundError:
        works = False
    return words if works else []


# What follows runs inside the environment.


def inside(names):
    """Take up the limits, start JupyterLab, run all notebooks or those named, judge."""
    holder = hold_memory()
    if os.geteuid() == 0:
        user = ordinary()
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    print(f"User {ordinary().pw_name}; core {core}; {MEMORY_LIMIT} MB, held by {holder}.")
    print(f"Processes that wait for a core before we start: {os.getloadavg()[0]:.0f}.\n")
    from benchmarks.notebooks import HEAD, measure, notebooks  # needs psutil, which Binder has

    paths = [Path(name).resolve() for name in names] or notebooks()
    measured = []
    with jupyterlab() as address:
        check_server(address, paths[0])
        print(HEAD)
        for path in paths:
            measured.append(measure(path, MEMORY_LIMIT))
            print(measured[-1], flush=True)
    if problems := result_problems(measured):
        sys.exit("\nNot fit for Binder:\n" + "\n".join(problems))
    print("\nFit for Binder.")


def hold_memory():
    """Make the kernel hold this process and all it starts to the limit; say what holds it."""
    if NAME in Path("/proc/self/cgroup").read_text():
        return "systemd"
    for folder, limit in CONTROL_GROUPS.items():
        try:
            folder.mkdir(exist_ok=True)
            with (folder / limit).open("r+") as file:  # the kernel has put it there, or nobody
                file.write(str(MEMORY_LIMIT * 10**6))
            (folder / "cgroup.procs").write_text(str(os.getpid()))
            return f"the control group {folder}"
        except OSError:  # not there, not allowed, or without a controller of memory
            with suppress(OSError):
                folder.rmdir()
    return "a watcher that looks ten times a second"


@contextmanager
def jupyterlab():
    """Start JupyterLab in this folder as mybinder.org does; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    address = f"http://127.0.0.1:{port}/"
    log = Path.home() / "jupyterlab.log"
    with log.open("w") as file:
        server = subprocess.Popen(["jupyter-lab", *options], stdout=file, stderr=file)
    try:
        wait_for(address, server, log)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for(address, server, log):
    """Wait until the server answers, for two minutes at most."""
    for _ in range(240):
        if server.poll() is not None:
            break
        try:
            return ask(f"{address}api")
        except URLError:
            time.sleep(0.5)
    sys.exit(f"JupyterLab did not start:\n{log.read_text()}")


def ask(address, method="GET"):
    """Ask the server; return its answer as text. A refusal is an error."""
    data = b"{}" if method == "POST" else None
    request = Request(address, data, {"Authorization": f"token {TOKEN}"}, method=method)
    with urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def check_server(address, notebook):
    """Open a notebook as the reader's browser does: the page, the document, a kernel."""
    name = notebook.relative_to(Path.cwd()).as_posix()
    ask(f"{address}lab/tree/{name}")
    document = json.loads(ask(f"{address}api/contents/{name}"))
    if not (document["writable"] and document["content"]["cells"]):
        sys.exit(f"JupyterLab does not serve {name} for editing.")
    kernel = json.loads(ask(f"{address}api/kernels", "POST"))
    ask(f"{address}api/kernels/{kernel['id']}", "DELETE")
    print(f"JupyterLab serves {name} and starts a kernel.\n")


def result_problems(measured):
    """Return what keeps these notebooks from running well on Binder, each a sentence."""
    problems = []
    for one in measured:
        if not one.passed:
            problems.append(f"{one.name} failed; see above.")
        if one.seconds > SECONDS_GOAL:
            problems.append(f"{one.name} took {one.seconds:.0f} s; wanted: {SECONDS_GOAL} s.")
        if one.memory > MEMORY_GOAL:
            problems.append(f"{one.name} held {one.memory:.0f} MB; wanted: {MEMORY_GOAL} MB.")
    return problems


if __name__ == "__main__":
    inside(sys.argv[2:]) if sys.argv[1:2] == ["inside"] else main(sys.argv[1:])
