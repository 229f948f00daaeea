"""Backups: database and key stores, sealed to whoever may restore them, and restored where there is nothing yet.

What a restore loses, and how the authorities go on after it, is `ca.restoring`'s.
"""
