"""What the landing page says in code and numbers is true."""

import re

import numpy as np
from book_files import ROOT

PAGE = (ROOT / "index.md").read_text(encoding="utf-8")


def test_the_two_lines_of_the_landing_page_run_and_give_the_two_layouts():
    block = re.search(r"```python\n(.+?)```", PAGE, re.S)[1]
    shapes = []
    for line in block.strip().splitlines():
        names = {"np": np, "dataX": np.arange(69).reshape(23, 3)}
        shapes.append(eval(line, names).shape)
    assert shapes == [(23, 3, 1), (23, 1, 3)]


def test_it_answers_within_a_minute_before_it_sends_the_reader_on():
    answer = PAGE.split("## The answer in a minute")[1].split("## Where to go from here")[0]
    answer = re.sub(r"!\[.*?\]\(.*?\)|```.*?```", "", answer, flags=re.S)
    assert len(answer.split()) < 330  # at reading pace
