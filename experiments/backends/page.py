"""The stored study as Markdown: what the page *Back ends* prints."""

NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def title(environment):
    """Return the name of a column: `jax cpu` is JAX on the CPU."""
    backend, device = environment.split()
    return f"{NAMES[backend]}, {device.upper()}"


def versions(stored):
    """Return a table of what was measured with."""
    rows = ["| Back end | Versions |", "|---|---|"]
    for environment, found in stored["settings"]["environments"].items():
        rows.append(f"| {title(environment)} | {', '.join(f'{k} {v}' for k, v in found.items())} |")
    return "\n".join(rows)


def events(stored, group):
    """Return the table of one group: a row for each event, a column for each environment.

    Where no GPU was found, the last column is what the source says of TensorFlow on one.
    """
    environments = list(stored["settings"]["environments"])
    from_the_source = "tensorflow gpu" not in environments
    head = ["What happens", *map(title, environments)]
    rows = [head + ["TensorFlow, GPU (from the source)"] * from_the_source]
    rows.append(["---"] * len(rows[0]))
    for name, about in stored["settings"]["events"].items():
        if about["group"] != group:
            continue
        answers = stored["results"][name]
        row = [about["question"].rstrip(".")]
        row += [answers[environment]["verdict"] for environment in environments]
        if from_the_source:
            row.append(stored["settings"]["gpu_from_the_source"].get(name, {}).get("verdict", "–"))
        rows.append([row[0], *(cell if cell == row[1] else f"**{cell}**" for cell in row[1:])])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def report(stored, name):
    """Return a table of what a report prints in each environment."""
    answers = stored["results"][f"experiments/backends/reports/{name}.py"]
    rows = ["| Back end | What it prints |", "|---|---|"]
    for environment, answer in answers.items():
        text = answer.get("prints") or answer["message"]
        rows.append(f"| {title(environment)} | `{text.replace(chr(10), '`, `')}` |")
    return "\n".join(rows)
