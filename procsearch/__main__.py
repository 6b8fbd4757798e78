"""``python -m procsearch``: the command line."""

from procsearch.cli import main

main()
