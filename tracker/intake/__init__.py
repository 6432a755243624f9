"""From bytes to a recorded build: body, spool, sniffing, the parsing child, ingest."""
