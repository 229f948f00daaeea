"""What both REST APIs have in common: the relying parties' (/api/v1), the sandbox's (/sandbox/api/v1). docs/api.md."""
