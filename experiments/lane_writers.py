"""Networks that learn a small grammar in lanes or without, read it, and write it: ten seeds.

Text, network and training are those of chapter 10, *Long sequences in lanes*, which shows them one
by one and trains one seed. Each network is trained for 180 updates, measured, and trained on to
540. "Lanes" is trained stateful and in order, "stateless" on the same pieces, shuffled.
"""

import re

import keras
import numpy as np

from experiments import study
from utils.state import ResetStates, reset_states
from utils.windows import decode, encode, lanes

SOUNDS = {"cow": "moo", "pig": "oink", "owl": "hoot", "bee": "buzz"}
SENTENCE = "|".join(f"{animal} (up |down )*{SOUNDS[animal]}" for animal in SOUNDS)
SEEDS = range(10)
B, T, K = 64, 10, 60  # lanes, letters of a piece, batches of an epoch
UNITS, LEARNING_RATE = 32, 0.05
EPOCHS = (3, 9)
WRITTEN, COUNTED = 140, 5  # letters each row writes; sentences of each that are counted


# The text


def write_text(rng, letters):
    """Return a text that the grammar gives."""
    text = ""
    while len(text) < letters:
        animal = rng.choice(list(SOUNDS))
        text += animal + " "
        while step := rng.choice(["", "up ", "down "]):
            text += step
        text += SOUNDS[animal] + "."
    return text[:letters]


TEXT = write_text(np.random.default_rng(1), B * T * K + 1)
TEST_TEXT = write_text(np.random.default_rng(2), B * T * 30 + 1)
LETTERS = "".join(sorted(set(TEXT)))
ONE_HOT = np.eye(len(LETTERS), dtype="float32")
BEGINNING = TEST_TEXT[: TEST_TEXT.index(".", 30) + 1][-T:]  # it ends with a sentence


def cut(text):
    """Return the pieces of a text in lanes, one-hot (N, T, C), and each next letter (N, T)."""
    codes = encode(text, LETTERS)
    return lanes(ONE_HOT[codes[:-1]], T, B).X, lanes(codes[1:], T, B).X


def share_right(texts):
    """Return the share of right sentences among the first few of each text.

    All complete sentences would favour short ones.
    """
    # What stands before the first dot and after the last may be cut off.
    sentences = [part for text in texts for part in text.split(".")[1:-1][:COUNTED]]
    right = [re.fullmatch(SENTENCE, part) is not None for part in sentences]
    return round(float(np.mean(right)), 4)


# Networks that read and write


def letter_model(stateful, batch_size, steps):
    """Return the network; its weights fit any batch size and any number of steps."""
    return keras.Sequential(
        [
            keras.Input(batch_shape=(batch_size, steps, len(LETTERS))),
            keras.layers.LSTM(UNITS, stateful=stateful, return_sequences=True),
            keras.layers.Dense(len(LETTERS), activation="softmax"),
        ]
    )


def compiled(model):
    """Compile a model for training or reading, and return it."""
    optimizer = keras.optimizers.Adam(learning_rate=LEARNING_RATE)
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer)
    return model


def train_on(model, data, epochs):
    """Train a stateful model in order, with a reset before each epoch; another one shuffled."""
    stateful = model.layers[0].stateful
    callbacks = [ResetStates()] if stateful else []
    X, Y = data
    model.fit(
        X, Y, batch_size=B, epochs=epochs, shuffle=not stateful, verbose=0, callbacks=callbacks
    )


def next_letters(probabilities, rng):
    """Draw one letter for each row of (rows, C)."""
    sums = probabilities.astype("float64").cumsum(axis=1)
    return (sums / sums[:, -1:] > rng.random((len(sums), 1))).argmax(axis=1)


def write_with_state(model, rng):
    """Write with a stateful model of one time step; return one text for each of its rows."""
    reset_states(model)
    for code in encode(BEGINNING, LETTERS):
        probabilities = model.predict_on_batch(np.tile(ONE_HOT[code], (B, 1, 1)))[:, 0]
    written = []
    for _ in range(WRITTEN):
        written.append(next_letters(probabilities, rng))
        probabilities = model.predict_on_batch(ONE_HOT[written[-1]][:, None])[:, 0]
    return [BEGINNING + decode(row, LETTERS) for row in np.array(written).T]


def write_from_windows(predict, rows, rng):
    """Write with what maps the last T letters (rows, T) to the next one's probabilities."""
    codes = np.tile(encode(BEGINNING, LETTERS), (rows, 1))
    for _ in range(WRITTEN):
        codes = np.column_stack([codes, next_letters(predict(codes[:, -T:]), rng)])
    return [decode(row, LETTERS) for row in codes]


# The best possible reader, and the best writer with T letters in view


def grammar():
    """Return the places in the grammar as a Markov chain.

    Returns
    -------
    letter_at : np.ndarray, shape (places,)
        The letter of each place: a letter in a word of an animal's sentence.
    move : np.ndarray, shape (places, places)
        The probability of going from one place to another.
    """
    words = {animal: [f"{animal} ", "up ", "down ", f"{SOUNDS[animal]}."] for animal in SOUNDS}
    places = [
        (animal, word, letter)
        for animal in SOUNDS
        for word in range(4)
        for letter in range(len(words[animal][word]))
    ]
    move = np.zeros((len(places), len(places)))
    for here, (animal, word, letter) in enumerate(places):
        if letter + 1 < len(words[animal][word]):
            following = [(animal, word, letter + 1)]
        elif word == 3:  # a sentence ends
            following = [(other, 0, 0) for other in SOUNDS]
        else:  # up, down, or the sound
            following = [(animal, other, 0) for other in (1, 2, 3)]
        move[here, [places.index(place) for place in following]] = 1 / len(following)
    spelled = "".join(words[animal][word][letter] for animal, word, letter in places)
    return encode(spelled, LETTERS), move


def best_loss(codes):
    """Return the loss of the best reader that starts cold at the beginning of each row.

    Parameters
    ----------
    codes : np.ndarray of int, shape (rows, letters)
        The first letter of a row is given, not predicted.
    """
    letter_at, move = grammar()
    belief = np.tile(np.linalg.matrix_power(move, 5000)[0], (len(codes), 1))  # (rows, places)
    losses = []
    for code in codes.T:
        belief = belief * (letter_at == code[:, None])
        probability = belief.sum(axis=1, keepdims=True)  # of the letter that came
        losses.append(-np.log(probability[:, 0]))
        belief = (belief / probability) @ move
    return round(float(np.mean(losses[1:])), 4)


def best_probabilities(codes):
    """Return the exact probabilities of the letter after the rows of (rows, letters)."""
    letter_at, move = grammar()
    belief = np.tile(np.linalg.matrix_power(move, 5000)[0], (len(codes), 1))
    for code in codes.T:
        belief = belief * (letter_at == code[:, None])
        belief = belief / belief.sum(axis=1, keepdims=True) @ move
    return belief @ ONE_HOT[letter_at]


def best_possible(X, Y):
    """Return the lowest losses on the test text, and the share of the best writer of windows."""
    pieces = np.concatenate([X.argmax(axis=2)[:, :1], Y], axis=1)  # (N, T + 1)
    in_lanes = Y.reshape(-1, B, T).swapaxes(0, 1).reshape(B, -1)
    in_lanes = np.concatenate([pieces[:B, :1], in_lanes], axis=1)  # (B, K * T + 1)
    texts = write_from_windows(best_probabilities, 400, np.random.default_rng(0))
    return {
        "loss": {"state": best_loss(in_lanes), "cold": best_loss(pieces)},
        "right": {"last 10 letters": share_right(texts)},
    }


# The study


def measure():
    """Train ten seeds both ways; read the test text and write, each with and without a state."""
    data, test = cut(TEXT), cut(TEST_TEXT)
    readers = {
        "state": compiled(letter_model(True, B, T)),
        "cold": compiled(letter_model(False, B, T)),
    }
    step_writer, window_writer = letter_model(True, B, 1), letter_model(False, B, T)

    def predict(codes):
        return window_writer.predict_on_batch(ONE_HOT[codes])[:, -1]

    measured = {
        training: {
            str(epochs * K): {
                "loss": {"state": [], "cold": []},
                "right": {"state": [], "last 10 letters": []},
            }
            for epochs in EPOCHS
        }
        for training in ("lanes", "stateless")
    }
    for training, stateful in (("lanes", True), ("stateless", False)):
        for seed in SEEDS:
            keras.utils.set_random_seed(seed)
            model, done = compiled(letter_model(stateful, B, T)), 0
            for epochs in EPOCHS:
                train_on(model, data, epochs - done)
                done, found = epochs, measured[training][str(epochs * K)]
                for reading, reader in readers.items():
                    reader.set_weights(model.get_weights())
                    if reading == "state":
                        reset_states(reader)
                    loss = reader.evaluate(*test, batch_size=B, verbose=0)
                    found["loss"][reading].append(round(loss, 4))
                for writer in (step_writer, window_writer):
                    writer.set_weights(model.get_weights())
                texts = write_with_state(step_writer, np.random.default_rng(seed))
                found["right"]["state"].append(share_right(texts))
                texts = write_from_windows(predict, B, np.random.default_rng(seed))
                found["right"]["last 10 letters"].append(share_right(texts))
            print(
                training, seed, found["loss"]["state"][-1], found["right"]["state"][-1], flush=True
            )
    settings = {"lanes": B, "piece": T, "batches": K, "units": UNITS, "seeds": list(SEEDS)}
    settings |= {"learning_rate": LEARNING_RATE, "letters": LETTERS, "beginning": BEGINNING}
    results = {"best possible": best_possible(*test), **measured}
    return {"settings": settings, "results": results}


def main(check=False):
    """Train, read, write and store; or, to check, do it anew and print what differs."""
    return study.run(__name__, measure, check, tolerance=0.02)
