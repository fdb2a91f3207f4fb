"""What all labs share: the widget, the text of its module, its weights, and a picture of it."""

import base64
import copy
import html
import io
import json
import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from IPython.display import display

from utils.windows import ALPHABET

FOLDER = Path(__file__).parent
TOKENS = FOLDER.parents[1] / "_static" / "tokens.css"
SITE = "https://lstm-shape-and-state.github.io/lstm-shape-and-state/"
# import { a, b as c } from "./file.js"; or import WORDS from "./words.json";
IMPORT = r'^import (?:\{([^}]*)\}|(\w+)) from "(\.[^"]+)";\n'
EXPORT = r"^export (?=(?:async )?(?:function\*?|const|let|class) (\w+))"
EXPORTS = r"\bexport ?\{([^}]*)\};?"
# What comments are told apart from: texts (templates may hold templates) and regular expressions.
TEXTS = (
    r"""(?>"(?>\\.|[^"\\\n])*"|'(?>\\.|[^'\\\n])*')"""
    r"""|`(?>\\.|\$\{(?>[^`{}]|`(?>\\.|[^`\\])*`|\{[^{}]*\})*\}|[^`\\])*`"""
    r"""|(?:(?<=[(,=:\[!&|?{;])|(?<==>)|(?<=return))[ ]*/(?![*/])"""
    r"""(?>\\.|\[(?>\\.|[^\]\\\n])*\]|[^/\\\n])+/"""
)
# Comments that fill their lines are left out. Those behind code stay, and are no code either.
COMMENTS = r"^[ \t]*(?>//[^\n]*|/\*[\s\S]*?\*/[ \t]*)(?:\n|\Z)"
OTHER_COMMENTS = r"//[^\n]*|/\*[\s\S]*?\*/"
NO_SCRIPT = "This is a picture of a lab. With JavaScript switched on, it can be used here."
ASLEEP = "Here is a lab. Run this cell to use it."
NAMES = ("kernel", "recurrent_kernel", "bias", "dense_kernel", "dense_bias")


def entry(name):
    """Return the file that a lab's module begins with: view.js in its folder."""
    path = FOLDER / name / "view.js"
    return path if path.exists() else FOLDER / f"{name}.js"


def collect_files(path, found=None):
    """Return the files that a JavaScript module consists of, imported ones first.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of Path to str
        The texts, each file once.
    """
    found = {} if found is None else found
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        for *_, address in re.findall(IMPORT, source, re.MULTILINE):
            if (imported := (path.parent / address).resolve()) not in found:
                collect_files(imported, found)
    found[path] = source
    return found


def without_comments(source, *others):
    """Return JavaScript or CSS without the comments that fill their lines; all else stays.

    Parameters
    ----------
    source : str
    *others : str
        Regular expressions: what is left out besides, where it is code.

    Returns
    -------
    str
    """
    gone = "|".join([COMMENTS, *others])
    parts = re.compile(rf"(?P<gone>{gone})|{TEXTS}|{OTHER_COMMENTS}", re.MULTILINE)
    return parts.sub(lambda part: "" if part["gone"] else part[0], source)


def read_module(name):
    """Return one lab's JavaScript module as a text that imports nothing.

    A widget carries its module as one text, and a text has no folder to import from. So the files
    that it imports are put before it, each as a function that returns what the file exports.

    Parameters
    ----------
    name : str
        Name of a lab: of its folder.

    Returns
    -------
    str
    """
    files = collect_files(entry(name))
    names = {path: f"file{number}" for number, path in enumerate(files)}
    parts = []
    for path, source in files.items():
        if path.suffix == ".json":
            data = json.dumps(json.loads(source), ensure_ascii=False, separators=(",", ":"))
            parts.append(f"const {names[path]} = {data};\n")
            continue

        def bind(found, folder=path.parent):
            wanted, whole, address = found.groups()
            left = whole or "{" + wanted.replace(" as ", ": ") + "}"
            return f"const {left} = {names[(folder / address).resolve()]};\n"

        text = re.sub(IMPORT, bind, source, flags=re.MULTILINE)
        if path.parent.name != "vendor":  # what others wrote keeps its licence
            text = without_comments(text)
        if path != entry(name):
            given = re.findall(EXPORT, text, re.MULTILINE)
            text = re.sub(EXPORT, "", text, flags=re.MULTILINE)
            for pairs in re.findall(EXPORTS, text):  # {a as b}: the value of a under the name b
                given += [": ".join(pair.split(" as ")[::-1]) for pair in pairs.split(",")]
            text = re.sub(EXPORTS, "", text)
            body = f"{text}return {{ {', '.join(given)} }};"
            text = f"const {names[path]} = (() => {{\n{body}\n}})();\n"
        parts.append(text)
    return "".join(parts)


def read_words(name):
    """Return the words of a lab, as its words.json has them; {} for a lab that has none."""
    path = FOLDER / name / "words.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def check_letters(proposal, longest):
    """Return a proposed text, or raise TraitError unless it is 1 to `longest` letters A to Z."""
    name, text = proposal.trait.name, proposal.value
    strange = sorted(set(text) - set(ALPHABET))
    if strange or not 1 <= len(text) <= longest:
        found, fix = f"has {len(text)} letters", f"Pass 1 to {longest} letters."
        if strange:
            found = f"holds {strange[0]!r}"
            fix = f"Write {name}.upper(), and leave out what is no letter."
        raise traitlets.TraitError(f"{name} {found}; wanted 1 to {longest} letters A to Z. {fix}")
    return text


def shuffled_order(count, seed):
    """Draw an order of the numbers below `count`; random.js draws the same.

    Parameters
    ----------
    count, seed : int

    Returns
    -------
    np.ndarray of int, shape (count,)
    """
    order, state = np.arange(count), seed % 2**32
    for last in range(count - 1, 0, -1):
        state = (state + 0x6D2B79F5) % 2**32  # mulberry32
        mixed = (state ^ (state >> 15)) * (state | 1) % 2**32
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) % 2**32
        other = (mixed ^ (mixed >> 14)) * (last + 1) >> 32
        order[[last, other]] = order[[other, last]]
    return order


def softmax(logits):
    """Return probabilities that sum to 1 along the last axis, without overflow."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class Whole(traitlets.Int):
    """A whole number. Python takes True for 1; a lab does not."""

    def validate(self, obj, value):
        """Return the number, or raise TraitError."""
        if isinstance(value, bool):
            self.error(obj, value)
        return super().validate(obj, value)


class Weights(traitlets.TraitType):
    """The weights of LSTM and Dense as `model.get_weights()` gives them; LSTM alone will do.

    In Python a dict of float32 arrays: kernel (F, 4U), recurrent_kernel (U, 4U), bias (4U,),
    dense_kernel (U, C), dense_bias (C,). JavaScript gets the same numbers, bit for bit.
    """

    info_text = "the list of 3 or 5 arrays that model.get_weights() gives for LSTM and Dense"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.tag(sync=True, to_json=_weights_to_json, from_json=_weights_from_json)

    def validate(self, obj, value):
        """Return the weights by name, or say which of them has a wrong shape."""
        arrays = list(value.values()) if isinstance(value, dict) else value
        try:
            arrays = [np.asarray(array, dtype=np.float32) for array in arrays]
            if any(array.ndim == 0 for array in arrays):
                raise TypeError  # numbers, not arrays
        except (TypeError, ValueError):
            raise traitlets.TraitError(
                f"weights is {type(value).__name__}; wanted {self.info_text}. "
                "Pass model.get_weights()."
            ) from None
        if len(arrays) not in (3, 5):
            raise traitlets.TraitError(
                f"weights holds {len(arrays)} arrays; wanted {self.info_text}. Pass the weights of "
                "a model of one LSTM and one Dense layer."
            )
        named = dict(zip(NAMES, arrays, strict=False))
        units = named["recurrent_kernel"].shape[0]
        features = named["kernel"].shape[0]
        classes = named["dense_kernel"].shape[-1] if len(arrays) == 5 else 0
        wanted = {
            "kernel": (features, 4 * units),
            "recurrent_kernel": (units, 4 * units),
            "bias": (4 * units,),
            "dense_kernel": (units, classes),
            "dense_bias": (classes,),
        }
        for name, array in named.items():
            if array.shape != wanted[name]:
                raise traitlets.TraitError(
                    f"weights: {name} has shape {array.shape}; wanted {wanted[name]} for "
                    f"{units} units and {features} features. Pass the weights of one LSTM with its "
                    "bias, then those of one Dense layer, as model.get_weights() gives them."
                )
            if not np.isfinite(array).all():
                raise traitlets.TraitError(
                    f"weights: {name} holds NaN or infinite values; wanted finite numbers. "
                    "Train again with a lower learning rate."
                )
        return named


def _weights_to_json(weights, _widget):
    """Write each array as its shape and the base64 of its bytes: a third of what digits take."""
    return {
        name: {
            "shape": list(array.shape),
            "data": base64.b64encode(array.astype("<f4").tobytes()).decode(),
        }
        for name, array in (weights or {}).items()
    }


def _weights_from_json(value, _widget):
    """Read back what `_weights_to_json` wrote, as when a saved notebook is opened again."""
    return {
        name: np.frombuffer(base64.b64decode(part["data"]), "<f4").reshape(part["shape"])
        for name, part in value.items()
    }


class Lab(anywidget.AnyWidget):
    """A widget of this book. A lab names its module, its traits, and draws its `picture`.

    Attributes
    ----------
    words : dict
        Texts that replace those of the lab, by the names they have in its words.json (and in that
        of all labs): a translation of the whole lab, or of a part.
    start : dict
        What its settings were when it was made. *Reset* leads back there.
    site : str
        The page to which *Copy link* leads from a notebook, where no page of the book is around the
        lab. That page shows its own lab, with the network of the book.
    """

    words = traitlets.Dict().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)
    site = traitlets.Unicode(f"{SITE}reference/labs.html").tag(sync=True)

    def __init__(self, **settings):
        super().__init__(**settings)
        if not self.start:  # a saved lab brings its own
            # _esm and _css are traits of the widget, and no settings
            own = set(self.trait_names(sync=True)) - set(Lab.class_trait_names()) - {"weights"}
            self.start = {
                name: copy.copy(getattr(self, name))
                for name in sorted(own)
                if not name.startswith("_") and not self.traits()[name].read_only
            }

    def __init_subclass__(cls, module=None, **kwargs):
        if module is not None:
            cls._esm = read_module(module)
            cls._words = read_words(module)
            own = entry(module).with_suffix(".css")
            styles = [TOKENS, FOLDER / "lab.css", own]
            texts = [path.read_text(encoding="utf-8") for path in styles if path.exists()]
            # On a page with several labs, a later one brings lab.css again, behind the rules of
            # this one. A second .lab lets these win all the same.
            texts[2:] = [text.replace(".lab ", ".lab.lab ") for text in texts[2:]]
            cls._css = without_comments("\n".join(texts))
        super().__init_subclass__(**kwargs)

    def picture(self):
        """Draw the lab as it stands.

        Returns
        -------
        figure : matplotlib.figure.Figure
        description : str
            What the picture shows, for those who cannot see it.
        """
        raise NotImplementedError

    def open(self):
        """Do nothing yet: MyST-NB writes each open widget into the page, shown or not.

        A lab made in a test cell would add up to 80 KB (gzip) to its page.
        """

    @property
    def model_id(self):
        """The id of the lab on the page. Who asks for it shows the lab, so now it is opened."""
        super().open()
        return super().model_id

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        # Shown where no widget can run, as in a saved notebook before its cells are run again.
        data["text/plain"] = f"{type(self).__name__}: run this cell to use the lab."
        return data, metadata

    def _ipython_display_(self):
        """Show the lab, and its picture to browsers that run no scripts."""
        display({"text/html": self._without_script()}, raw=True)
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)

    def _without_script(self):
        """Return picture and tour, for browsers without scripts, and a line that lab.css hides.

        The line is there for a saved notebook whose kernel is gone: JupyterLab then says no more
        than that it found no model.
        """
        import matplotlib.pyplot as plt

        file = io.BytesIO()
        with plt.rc_context({"svg.fonttype": "none"}):  # letters as letters: a third of the size
            figure, description = self.picture()
            figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
        source = base64.b64encode(file.getvalue()).decode()
        steps = (self._words | self.words).get("tour_steps", [])
        tour = "".join(f"<li>{html.escape(step)}</li>" for step in steps)
        return (
            f'<noscript><figure><img alt="{html.escape(description)}" '
            f'src="data:image/svg+xml;base64,{source}"><figcaption>{NO_SCRIPT}</figcaption>'
            f"</figure>{f'<ol>{tour}</ol>' if tour else ''}</noscript>"
            f"<p class='lab-asleep'>{ASLEEP}</p>"
        )
