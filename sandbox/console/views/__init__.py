"""The console's pages: a module for each room. Parse, one call, show."""
