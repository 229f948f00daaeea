"""The inspector: what a workspace asked of the APIs in the last hours, what it was answered, and why.

middleware  sees every request of the APIs, and leads each problem's `instance` here
notes       what is kept of one: masked, bounded
api         GET /sandbox/api/v1/requests
"""
