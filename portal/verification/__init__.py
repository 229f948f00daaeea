"""The verifiers' room: the API by which they ask, the organisation's view of what was asked, and its delegations."""
