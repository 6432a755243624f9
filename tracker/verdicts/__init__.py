"""Pure functions over histories: what an outcome is, and what a row of outcomes says."""
