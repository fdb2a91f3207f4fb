"""The workflows of GitHub Actions: pinned, with few rights, and running what `make` runs.

What is wrong in the language of workflows, zizmor finds in `make lint`.
"""

import re

import pytest
import yaml
from book_files import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# The jobs that publish; none of them runs code of the book.
MAY_WRITE = {"deploy": {"pages", "id-token"}, "publish": {"contents"}}


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def text(request):
    """The source of one workflow."""
    return request.param.read_text(encoding="utf-8")


def test_there_are_workflows():
    assert [path.stem for path in WORKFLOWS] == ["release", "scheduled", "site"]


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
    targets = re.findall(r"^make ([a-z ./]+?)(?= [A-Z]|$)", "\n".join(commands), flags=re.MULTILINE)
    targets = " ".join(targets).split()
    assert targets
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", makefile, flags=re.MULTILINE), target


def test_every_supported_python_is_tested():
    workflow = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    low, high = re.search(
        r"\(3, (\d+)\) <= sys.version_info\[:2\] <= \(3, (\d+)\)", makefile
    ).groups()
    assert matrix == [f"3.{minor}" for minor in range(int(low), int(high) + 1)]


def test_what_is_published_is_what_was_tested():
    jobs = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text(encoding="utf-8"))["jobs"]
    steps = jobs["test"]["steps"]
    uses = [step.get("uses", step.get("run")).partition("@")[0] for step in steps]
    tested = next(number for number, use in enumerate(uses) if use.startswith("make test "))
    published = uses.index("actions/upload-pages-artifact")
    assert tested < published  # a step runs only if all before it have succeeded
    assert not any("make" in use for use in uses[tested + 1 :]), "nothing is built after the tests"
    assert "success" not in steps[published]["if"] and "always" not in steps[published]["if"]
    assert jobs["deploy"]["needs"] == [name for name in jobs if name != "deploy"]
    assert "upload-pages-artifact" not in "".join(
        path.read_text(encoding="utf-8") for path in WORKFLOWS if path.stem != "site"
    )
