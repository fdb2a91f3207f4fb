import keras
import numpy as np

layer = keras.layers.Dense(3, activation="softmax")  # classes 0, 1 and 2
model = keras.Sequential([keras.Input((1,)), layer])
model.compile(loss="sparse_categorical_crossentropy")

loss = model.evaluate(np.ones((1, 1), "float32"), np.array([3]), verbose=0)
print("Label 3 gets a finite loss:", bool(np.isfinite(loss)))
