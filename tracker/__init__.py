"""Regression Tracker: what broke on Jenkins, since when, and whose it is."""

__version__ = "0.1.0"
