"""What `make bench` measures: each part is a module that prints Markdown."""


def head(*names):
    """Print the head of a table."""
    row(*names)
    row(*["---"] * len(names))


def row(*values):
    """Print one row of a table, at once."""
    print("|", " | ".join(values), "|", flush=True)
