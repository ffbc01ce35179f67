"""`python -m cssim` is `cssim`."""

from cssim.cli import main

main()
