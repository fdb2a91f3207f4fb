import keras
import numpy as np

embedding = keras.layers.Embedding(9, 4, mask_zero=True)
model = keras.Sequential([keras.Input((None,)), embedding, keras.layers.LSTM(4)])

padded = model.predict(np.array([[0, 0, 3, 1, 4]]), verbose=0)
short = model.predict(np.array([[3, 1, 4]]), verbose=0)
print("Left padding is skipped:", bool(np.allclose(padded, short, atol=1e-6)))
