"""Backups: taking and rotating them, and putting one in the place of the database."""
