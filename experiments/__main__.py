"""`python -m experiments`."""

from experiments.run import main

main()
