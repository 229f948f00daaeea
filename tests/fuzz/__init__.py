"""Every parser of bytes, fed with what nobody meant: `make fuzz` for minutes each, guided by coverage, and a short pass
by hypothesis with the other tests. docs/fuzzing.md.
"""
