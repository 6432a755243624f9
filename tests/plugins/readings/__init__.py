"""Our readings of corpus files where good readers differ: one file a format.

Each holds READINGS: path in the corpus -> (figures that are ours, the reason); where nothing can
be read, the figures are None. Figures are total, passed, failed, error, skipped, unknown, flaky,
seconds.
"""
