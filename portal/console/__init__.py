"""The operators' console: what works, what stands still and why, and orders to elements in use. No personal data."""
