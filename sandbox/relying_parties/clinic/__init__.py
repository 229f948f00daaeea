"""わかば診療所: check in by phone or card, insurance checked, and one patient's file for both, whatever comes.

`accounts` is what to look at: how a service keeps one file for one person whose certificates change.
"""
