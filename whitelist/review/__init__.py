"""Review: two authorities, two officers at each, a check list, a clock of working days; and what follows of it.

A case's course is `courses`, its clock `pace`, what officers do `reviewing` and `deciding`; `entering` makes an
approved case an entry, `suspensions` has what officers do with entries, `endings` what time does by itself.
"""
