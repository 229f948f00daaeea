"""Several hosts on one machine, as network namespaces, each with a share of a core of its own."""
