"""Notebooks as they are kept, without what a run leaves in them; `python -m tests.notebooks` strips all."""

from __future__ import annotations

import json
from pathlib import Path

PLACE = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(PLACE.glob("*.ipynb"))

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def stripped(text: str) -> str:
    """A notebook's text without what a run left in it; cells are numbered, so that their ids stay."""
    cells = []
    for number, cell in enumerate(json.loads(text)["cells"], 1):
        source = "".join(cell["source"]).strip("\n")
        kept = {"cell_type": cell["cell_type"], "id": f"cell-{number:02}", "metadata": {}}
        if cell["cell_type"] == "code":
            kept |= {"execution_count": None, "outputs": []}
        cells.append({**kept, "source": source.splitlines(keepends=True)})
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for path in NOTEBOOKS:
        path.write_text(stripped(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
