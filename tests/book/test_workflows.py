"""The workflows of GitHub Actions: pinned, with few rights, and running what `make` runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from book_files import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

FAULTY = """\
on: pull_request
jobs:
  echo:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.event.pull_request.title }}
"""

# The jobs that publish; none of them runs code of the book.
MAY_WRITE = {"deploy": {"pages", "id-token"}, "publish": {"contents"}}


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def text(request):
    """The source of one workflow."""
    return request.param.read_text(encoding="utf-8")


def test_there_are_workflows():
    assert [path.stem for path in WORKFLOWS] == ["pages", "release", "scheduled", "test"]


def test_actions_are_pinned_to_a_commit_and_say_their_version(text):
    uses = re.findall(r"uses:(.*)", text)
    assert uses
    for action in uses:
        assert re.fullmatch(r" [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_rights_are_given_job_by_job(text):
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        write = {right for right, level in job["permissions"].items() if level == "write"}
        assert write <= MAY_WRITE.get(name, set()), name
        assert "timeout-minutes" in job, name


def test_checkouts_keep_no_credentials(text):
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    for step in steps:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_every_make_target_exists(text):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"].values()
    commands = [step.get("run", "") for job in jobs for step in job["steps"]]
    targets = re.findall(r"^make ([a-z ]+?)(?= [A-Z]|$)", "\n".join(commands), flags=re.MULTILINE)
    targets = " ".join(targets).split()
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def zizmor(place):
    """Run zizmor, which knows the traps of workflows, on files or folders."""
    command = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    run = subprocess.run(
        [command, "--offline", "--no-progress", str(place)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"NO_COLOR": "1"},
    )
    return run.returncode, run.stdout + run.stderr


def test_zizmor_finds_nothing():
    code, report = zizmor(ROOT / ".github")
    assert code == 0, report
    assert all(path.name in report for path in WORKFLOWS)


def test_zizmor_would_notice(tmp_path):
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "faulty.yml").write_text(FAULTY)
    code, report = zizmor(tmp_path)
    assert code != 0
    assert "template-injection" in report


def test_every_supported_python_is_tested():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    low, high = re.search(
        r"\(3, (\d+)\) <= sys.version_info\[:2\] <= \(3, (\d+)\)", makefile
    ).groups()
    assert matrix == [f"3.{minor}" for minor in range(int(low), int(high) + 1)]
