"""All reads: each function returns frozen rows, without ids of the database."""
