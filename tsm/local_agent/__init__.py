"""The local agent on a PC: a card in one reader, an element in another, SERAM to the TSM, a bridge for local pages.

No Django: it is a program of the citizen's own machine. `manage.py phone_agent` and the command `phone-agent` start it.
"""
