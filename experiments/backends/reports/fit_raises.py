import keras
import numpy as np

layer = keras.layers.LSTM(4, stateful=True)
model = keras.Sequential([keras.Input(batch_shape=(1, 1, 1)), layer])
model.compile(optimizer="sgd", loss="mse")

x, y = np.ones((1, 1, 1), "float32"), np.ones((1, 4), "float32")
model.fit(x, y, batch_size=1, verbose=0)
print("fit runs.")
