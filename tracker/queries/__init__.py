"""All reads: functions that return frozen rows; ids of the database are for one another alone."""
