"""What commands end with, beside 0 and the `exit_code` of an error that stopped them."""

from __future__ import annotations

# The answer is no: something is wrong, worse, or leads nowhere.
FOUND = 1
# Some of it was done, and it was said of what it was not.
PARTLY = 4
BUG = 70
INTERRUPTED = 130
