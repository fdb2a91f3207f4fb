import keras
import numpy as np

layer = keras.layers.LSTM(4, stateful=True)
model = keras.Sequential([keras.Input(batch_shape=(4, 3, 1)), layer])
x = np.ones((5, 3, 1), "float32")  # one batch of four rows, and one row that is left over

print("Rows in, rows out:", len(x), len(model.predict(x, batch_size=4, verbose=0)))
