"""The ``procsearch`` command."""
