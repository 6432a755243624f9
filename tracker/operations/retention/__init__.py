"""Retention: which results and raw reports stay, and letting go of the others."""
