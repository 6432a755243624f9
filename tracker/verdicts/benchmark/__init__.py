"""How often the verdicts are right: planted truths, seeded, and the share of them that is found."""
