import keras
import numpy as np

layer = keras.layers.LSTM(4, stateful=True)
model = keras.Sequential([keras.Input(batch_shape=(1, 1, 1)), layer])
x = np.ones((1, 1, 1), "float32")
from_zeros = keras.ops.convert_to_numpy(model(x))  # the layer now holds a state
model.predict(x, verbose=0)

layer.reset_state()
print("predict hears the reset:", bool(np.allclose(model.predict(x, verbose=0), from_zeros)))
