"""The providers' view of their services from outside: what the probes saw, and what to do about it."""
