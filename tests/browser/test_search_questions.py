"""The search of the site leads to the questions: by their own words, and by words like theirs."""

import re

import pytest
from book_files import ROOT

pytestmark = pytest.mark.browser

PAGE = "reference/questions.html"
TEXT = (ROOT / "reference" / "questions.md").read_text(encoding="utf-8")
GROUPS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
TITLES = [
    title.replace("`", "")
    for group in GROUPS
    for title in re.findall(r"^### (.+)$", group, flags=re.MULTILINE)
]

# What readers type, and the beginning of the question that should be among the first results
TYPED = {
    "number of units": "How many units",
    "static features": "How do I add static features",
    "missing values nan": "May there be missing values",
    "image rows": "How does an image",
    "reshape or transpose": "Should I use reshape",
    "difference return_sequences return_state": "What is the difference between return_seq",
    "stacked lstm": "What does the second LSTM",
    "hidden state vs cell state": "How do hidden state",
    "gru": "Does all this hold for GRU",
    "batch_input_shape": "What replaces batch_input_shape",
    "set initial state": "How do I set the state",
    "shuffle stateful": "May I shuffle",
    "sliding window stateful": "Sliding windows and stateful",
    "bidirectional stateful": "Can Bidirectional be stateful",
    "reset states after every epoch": "Should the state be reset",
    "val loss lower than training": "Why is my validation loss lower",
    "batch size when predicting": "Must I predict with the batch size",
    "save state": "Is the state saved",
    "predict next steps": "How do I predict several steps",
    "train test split": "May I split",
    "scale data": "How do I scale",
    "train on different lengths": "How do I train on sequences",
    "padding left or right": "Pad on the left",
    "gradients stop at batch": "Can a stateful network learn",
    "slow gpu": "Why is my LSTM slow",
    "masking gpu error": "Masking on a GPU",
    "pandas dataframe": "How do I bring a pandas",
    "vector to sequence": "One vector in",
    "lstmcell": "What is the difference between LSTM, LSTMCell",
    "cell state of every step": "How do I get the cell state",
    "encoder decoder": "How do an encoder",
    "load keras 2 model": "How do I load a model",
    "batch size vs time steps": "How do batch size",
    "choose batch size": "Which batch size",
    "tf.data stateful": "How do I feed a stateful",
    "predict several values": "How do I predict several values",
    "nan loss": "My loss is NaN",
    "unroll=True": "What does unroll",
}


def words(title):
    """Return a title as a reader types it: without capitals, quotation marks and brackets."""
    return " ".join(re.findall(r"[\w=]+", title.lower()))


@pytest.fixture
def titles(search):
    """A function that gives the headings among the first results."""
    return lambda query: [title for _, title, anchor in search(query) if anchor]


@pytest.mark.parametrize("title", TITLES)
def test_a_question_is_found_by_its_words(titles, title):
    assert words(title) in [words(found) for found in titles(words(title))]


@pytest.mark.parametrize("typed", TYPED)
def test_a_question_is_found_by_words_like_its_own(titles, typed):
    found = titles(typed)
    assert any(title.startswith(TYPED[typed]) for title in found), found


def test_the_search_page_leads_to_the_answer(visit):
    view = visit("search.html?q=reset+the+state+after+each+epoch")
    result = view.page.locator(f"#search-results li a[href*='{PAGE}']").first
    result.wait_for()
    view.page.wait_for_load_state("networkidle")  # the search reads the pages that it found
    result.click()
    view.page.wait_for_url(f"**/{PAGE}*#should-the-state-be-reset-after-each-epoch")
    heading = view.page.locator("#should-the-state-be-reset-after-each-epoch > h3")
    view.page.wait_for_function(  # the page scrolls smoothly
        "h3 => h3.getBoundingClientRect().top >= 0 && h3.getBoundingClientRect().top < innerHeight",
        arg=heading.element_handle(),
    )
    assert view.complaints == []


def test_a_result_quotes_the_text_of_its_page(visit):
    page = visit("search.html?q=stateful").page
    page.locator("#search-results li").nth(10).wait_for()
    page.wait_for_load_state("networkidle")
    quoted = page.locator("#search-results .context").all_text_contents()
    assert len(quoted) > 10
    around = [".pdf", "Contents", "Previous", "helper code: in a folder above"]
    assert [text for text in quoted if any(word in text for word in around)] == []
