"""Moving from the earlier application: reading its database, taking it over, comparing both."""
