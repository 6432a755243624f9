"""What msgspec raises for bytes that it cannot decode."""

from __future__ import annotations

import msgspec

# Of a byte that is no UTF-8, inside of a text, it tells by Python's own error.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError)
