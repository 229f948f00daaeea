"""Webhooks: whatever changes in a workspace is told to the integrator's addresses. docs/webhooks.md.

catalogue   the types of events, which entry of the journal each comes from, what it says, an example
events      the journal read, once each and in order
expiry      certificates that end, which nobody does
endpoints   the integrator's addresses: made, changed, disabled, enabled, their secrets
signing     secrets, sealed, and signatures (Standard Webhooks, `v1`)
outbox      which delivery is next, its attempt signed; what came of it, and when it is tried again
sending     an attempt goes out: the one part that strangers' addresses see, and that has no secret
telling     the organisation is told by mail of an address that was disabled
"""
