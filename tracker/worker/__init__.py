"""The background process: it polls, publishes and reads what waits. Never inside the web."""
