"""The studies: what needs many seeds, long training or several back ends, one module each.

A study is a module (or a folder) with a function `main`. It leaves one file in `data/`, with its
provenance (`study.store`); the chapters read that file (`study.load`) and never train so long
themselves. `python -m experiments NAME` runs one, `python -m experiments` lists them.
"""
