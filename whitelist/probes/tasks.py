"""Tasks of the probes: ids in, one call, safe to run twice. They need the network, and no key."""

from celery import shared_task

from whitelist.probes import running


@shared_task(name="whitelist.run_probes")
def run_probes(run_id: int) -> bool:
    """Carry out one run, unless somebody else has it."""
    return running.carry_out(run_id)


@shared_task(name="whitelist.sweep_probes")
def sweep_probes() -> int:
    """Wake the workers for the runs that are due."""
    return running.sweep()


@shared_task(name="whitelist.sweep_entries")
def sweep_entries() -> int:
    """Ask, each night, for a run over every entry of the registers; forget what is long past."""
    running.forget()
    return running.nightly()
