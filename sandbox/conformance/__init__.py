"""Conformance: does a service accept what it must, and reject what it must? docs/conformance.md.

catalogue   the cases: what is done, and why it must be rejected
runs        a run's life: begun, a case armed, its verdict told, finished
judging     what came of a case, and of the whole run
journeys    a browser at a service: where the citizen begins, its forms, its cookies, the way back
driving     a run against a service, case by case, on the workers that play the phones
reports     the signed report, which goes with the organisation's registration case
"""
