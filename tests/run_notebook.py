"""Run a notebook with this very interpreter, in the current folder: `python -m tests.run_notebook IN OUT`.

A process of its own, because what Jupyter leaves open would be found in the middle of other tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient


def run(source: Path, target: Path) -> None:
    """Write the notebook as a clean kernel leaves it; an error in it is raised."""
    notebook = nbformat.read(source, as_version=4)
    specs = KernelSpecManager(kernel_dirs=[])  # none but the interpreter's own
    kernel = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    NotebookClient(notebook, km=kernel, timeout=300).execute()
    nbformat.write(notebook, target)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
