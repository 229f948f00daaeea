"""Starts and watches every process of the house on one machine: what `make run` does.

    python -m portal.supervision          run until Ctrl-C or SIGTERM
    python -m portal.supervision reset    throw the data folder away; refuses while the system runs

`processes` is the table of what is started and which secrets each gets; `supervisor` starts and watches it; `system` is
how tests and `make demo` hold a running one. It serves no request and knows no citizen; it is no part of a deployment.
"""
