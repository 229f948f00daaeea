"""What the register says to everybody, and how a stranger can check it.

`contents`: an entry to the octet · `records`: each change of it, in the journal · `statement`: all of it, signed ·
`proof`: that a record stands in the sealed journal.
"""
