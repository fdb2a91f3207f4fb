"""What the sources say of TensorFlow on a GPU, for the events in which it should differ.

Read in Keras 3.15.1 (`keras/src/backend/tensorflow/rnn.py`) and TensorFlow 2.21. Nothing here was
run. Where the study finds a GPU, what it measures there takes the place of these lines.

An `LSTM` or `GRU` with the activations of Keras's default runs in cuDNN's kernel there; a
`SimpleRNN`, `use_cudnn=False`, `recurrent_dropout` and `unroll=True` run as on the CPU. On JAX and
PyTorch a mask leads past cuDNN's kernel (`keras/src/backend/jax/rnn.py`, `torch/rnn.py`).
"""

ONE_ROW = "The kernel compares the shapes of its input and its state: *Invalid input_h shape*."
MASK = (
    "In `fit` and `predict` the kernel wants each mask filled on the right, and no row without a "
    "step that counts: *You are passing a RNN mask that does not correspond to right-padded "
    "sequences*. A direct call falls back to the loop of the CPU."
)
LABEL = "The GPU's kernel of the loss writes NaN for that row."

GPU = {
    name: {"verdict": verdict, "why": why}
    for names, verdict, why in (
        (
            (
                "one_row_after_a_full_batch",
                "five_rows_predict",
                "five_rows_evaluate",
                "five_rows_fit",
                "one_row_predict_on_batch",
            ),
            "raises",
            ONE_ROW,
        ),
        (
            (
                "mask_on_the_left",
                "mask_in_the_middle",
                "mask_zero_on_the_left",
                "one_row_all_masked",
                "every_row_all_masked",
                "loss_of_an_all_masked_output",
            ),
            "raises",
            MASK,
        ),
        (
            ("label_too_large_fit", "label_too_large_evaluate", "label_negative_fit"),
            "NaN",
            LABEL,
        ),
    )
    for name in names
}
