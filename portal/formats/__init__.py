"""How dates and times are written, a module for each language (FORMAT_MODULE_PATH)."""
