"""Numbered migrations, run by `tracker init` and at the start of every process."""
