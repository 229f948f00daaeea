"""The applicant's screens of a registration case: one task list, one thing a page, saved as it is typed.

What is asked, how it is merged and what a submission is, is `whitelist.cases`'.
"""
