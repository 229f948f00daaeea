"""Service providers' people: registration, organisations and who belongs to them, the sandbox workspace.

What an organisation asks to have in the register is a case (`whitelist.cases`); here is who may speak for it.
"""
