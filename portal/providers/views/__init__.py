"""The screens of providers, by subject. Each view: parse, one call, answer."""
