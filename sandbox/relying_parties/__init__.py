"""Sample relying parties: a bank that is registered, and a service that is not.

They know the system by its public API alone and import nothing of it: what they do, any service can copy.
"""
