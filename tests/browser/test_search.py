"""The search leads to errors by their message, to questions by words like theirs, despite typos.

Each phrase must bring its heading among the first three results, since a reader looks at no more.
"""

import html
import re

import pytest

pytestmark = pytest.mark.browser

ERRORS = "reference/error_messages"
QUESTIONS = "reference/questions"
FIRST = 3

# Messages as they are for models that are not in the book, and the entry that explains them
PASTED = {
    "ValueError: Input 0 with name 'None' of layer 'lstm_93' is incompatible with the layer: "
    "expected ndim=3, found ndim=2. Full shape received: (812, 9)": "expected ndim=3, found ndim=2",
    "InvalidArgumentError: Matrix size-incompatible: In[0]: [37,7], In[1]: [1,236] [Op:MatMul]": (
        "Matrix size-incompatible"
    ),
    "ValueError: cannot reshape array of size 80000 into shape (871,37,4)": (
        "cannot reshape array of size"
    ),
    "Unrecognized keyword arguments passed to LSTM: {'time_major': False}": (
        "passed to LSTM: {'time_major': False}"
    ),
    "If an RNN is stateful, the batch size of the input sequences must be the same as the batch "
    "size of the initial state. - Expected batch size: 17 - Received batch size: 39": (
        "If an RNN is stateful, the batch size"
    ),
    "AttributeError: 'Functional' object has no attribute 'reset_states'": (
        "has no attribute 'reset_states'"
    ),
    "Received a label value of 37 which is outside the valid range of [0, 37). Label values: 37 "
    "19 22": "Received a label value of",
    "You are passing a RNN mask that does not correspond to right-padded sequences, while using "
    "cuDNN, which is not supported.": "does not correspond to right-padded sequences",
}

# What a reader sees where nothing raised, and the beginning of the entry
SEEN = {
    "predict more rows": "predict returns more rows",
    "stateful shuffle": "A stateful model does not learn: shuffled",
    "reshape accuracy": "Accuracy stays at chance",
    "loss stops, answers are averages": "The loss stops falling",
    "saving loading prediction": "A different prediction after saving",
    "mask real zero": "A mask hides a real",
}

# What readers type, and the beginning of the question that answers it
TYPED = {
    "number of units": ("How many units", "Units"),
    "missing values nan": "May there be missing values",
    "reshape or transpose": "Should I use reshape",
    "stacked lstm": ("What does the second LSTM", "Stacked"),
    "gru": "Does all this hold for GRU",
    "set initial state": ("How do I set the state", "Initial state"),
    "sliding window stateful": "Sliding windows and stateful",
    "reset states after every epoch": "Should the state be reset",
    "batch size when predicting": "Must I predict with the batch size",
    "predict next steps": "How do I predict several steps",
    "scale data": "How do I scale",
    "padding left or right": "Pad on the left",
    "slow gpu": "Why is my LSTM slow",
    "pandas dataframe": "How do I bring a pandas",
    "lstmcell": "What is the difference between LSTM, LSTMCell",
    "encoder decoder": "How do an encoder",
    "batch size vs time steps": "How do batch size",
    "tf.data stateful": "How do I feed a stateful",
    "nan loss": "My loss is NaN",
}

# What somebody may type, and the beginnings of the headings that answer it. Some are spelled wrong.
# (Written before the search was; typos and word endings were handled after a look at what it
# missed, so this list is no measure of the search any more.)
OTHERS = {
    "what does len(dataX) count": ("What a sample is",),
    "transpose instead of reshape": ("Reshape moves brackets", "Should I use reshape"),
    "forget gate formula": ("The forget gate",),
    "data leakage scaling": ("Leak", "Split first", "How do I scale"),
    "ragged tensor": ("Ragged",),
    "does state leak between samples in batch": ("Nothing flows", "Does a sample know"),
    "validation loss stateful too high": ("val_loss is bad", "Bad val_loss", "Why is the valid"),
    "truncated bptt": ("Truncated back-propagation",),
    "save hidden state to disk": ("Save, restore", "Is the state saved"),
    "cudnn requirements": ("What the fast kernel", "cuDNN is not supported", "cuDNN kernel"),
    "jax lstm": ("JAX and Flax",),
    "stateful shuffel false": ("Does shuffle=False", "May I shuffle", "fit shuffles"),
    "encoder decodr": ("How do an encoder", "Encoder and decoder"),
    "LSMT layer slow": ("Why is my LSTM slow",),
    "teach a lesson about reshape": ("One lesson",),
    "reproducible results seed": ("Why do I get different results", "Seed"),
}


@pytest.fixture(scope="module")
def search(browser, address):
    """A function that gives for each phrase the first results: address and heading of each."""
    page = browser.new_page()
    page.goto(f"{address}search.html")

    def results(phrases):
        found = page.evaluate("phrases => phrases.map(findSections)", list(phrases))
        return [[(r["address"], r["heading"]) for r in one[:FIRST]] for one in found]

    yield results
    page.close()


def words(text):
    """Return a text as a reader types it: without capitals, quotation marks and brackets."""
    return " ".join(re.findall(r"[\w=.:-]+", text.lower()))


def missed(search, wanted, page):
    """Return the phrases whose first results hold none of the headings wanted, with the results.

    Of each wanted heading, the beginning is enough.
    """
    found = dict(zip(wanted, search(wanted), strict=True))
    return {
        phrase: results
        for phrase, results in found.items()
        if not any(
            address.startswith(page) and heading.startswith(wanted[phrase])
            for address, heading in results
        )
    }


@pytest.mark.parametrize("name", [ERRORS, QUESTIONS])
def test_a_heading_is_found_by_its_own_words(search, site, name):
    headings = re.findall(
        r"<h3>(.+?)<a class=\"headerlink", (site / f"{name}.html").read_text("utf-8")
    )
    headings = [html.unescape(re.sub(r"<.*?>", "", heading)) for heading in headings]
    assert len(headings) > 50
    found = dict(zip(headings, search(map(words, headings)), strict=True))
    assert [h for h, results in found.items() if h not in [heading for _, heading in results]] == []


@pytest.mark.parametrize(
    ("phrases", "on"), [(PASTED, ERRORS), (SEEN, ERRORS), (TYPED, ""), (OTHERS, "")]
)
def test_a_heading_is_found_by_a_message_or_words_like_its_own(search, phrases, on):
    assert missed(search, phrases, on) == {}


@pytest.mark.parametrize("place", ["server", "disk"])
def test_answers_come_while_typing_and_lead_to_the_section(visit, site, place):
    view = visit("search.html" if place == "server" else (site / "search.html").as_uri())
    page = view.page
    page.locator("#search-form input").press_sequentially("reset the state after each epoc")
    result = page.locator("#search-results a").first
    assert result.text_content() == "Should the state be reset after each epoch?"
    assert page.get_by_role("status").text_content() == "Search Results: 20+"
    result.click()
    page.wait_for_url("**/questions.html#should-the-state-be-reset-after-each-epoch")
    page.go_back()
    assert page.locator("#search-results a").count() == 20
    page.locator("#search-form input").fill("qqqqqq")
    assert page.get_by_role("status").text_content() == "Search Results: 0"
    # A new address makes the browser drop its request for the icon.
    assert [said for said in view.complaints if "favicon" not in said] == []


def test_the_field_of_any_page_asks_the_search(visit):
    view = visit("index.html")
    view.page.locator(".search-button__button:visible").first.click()
    view.page.locator(".search-button__search-container input").fill("cell state")
    view.page.keyboard.press("Enter")
    view.page.locator("#search-results a").first.wait_for()
    assert view.page.locator("#search-form input").input_value() == "cell state"
    assert view.complaints == []
