"""Validation: whether what is stored holds together; one check a row."""
