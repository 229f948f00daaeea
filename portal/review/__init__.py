"""Review: the officers' desk, cases and their decisions, letters, and the register's entries. The rules are
`whitelist.review`'s; here people are accounts, and a decision takes a code of the authenticator."""
