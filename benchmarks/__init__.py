"""Benchmarks: each a ratio within one run. Not part of the application; `make bench-ca` runs those of the CA."""
