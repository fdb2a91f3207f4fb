import keras
import numpy as np

x, mask = keras.Input((2, 1)), keras.Input((2,), dtype="bool")
model = keras.Model([x, mask], keras.layers.LSTM(4)(x, mask=mask))
model.compile(optimizer="sgd", loss="mse")
data = [np.array([[[1.0], [np.nan]]], "float32"), np.array([[True, False]])]

print("Output finite:", bool(np.isfinite(model.predict(data, verbose=0)).all()))
model.train_on_batch(data, np.ones((1, 4), "float32"))
print("Weights finite:", all(np.isfinite(w).all() for w in model.get_weights()))
