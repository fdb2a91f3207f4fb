import keras
import numpy as np

layer = keras.layers.LSTM(4, stateful=True)
model = keras.Sequential([keras.Input(batch_shape=(1, 1, 1)), layer])
x = np.ones((2, 1, 1), "float32")  # two batches of one row: the second continues the first

first, second = model.predict(x, batch_size=1, verbose=0)
print("The second batch starts from zeros:", bool(np.allclose(first, second)))
