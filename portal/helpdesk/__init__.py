"""The help desk: find who calls, make sure that it is them, hold at once, release by two people, and write it all down.

Every look and every act stands in the journal with its reason. What a caller answered stands nowhere.
"""
