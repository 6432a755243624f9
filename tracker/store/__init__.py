"""All writes, and the tables they go to."""
