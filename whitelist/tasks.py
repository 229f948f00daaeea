"""The register's tasks: Celery looks for them here; each lives with its subject."""

from whitelist.probes.tasks import run_probes, sweep_entries, sweep_probes
from whitelist.published.tasks import sign_register, sign_registers
from whitelist.verification.tasks import sweep_verification

__all__ = ["run_probes", "sign_register", "sign_registers", "sweep_entries", "sweep_probes", "sweep_verification"]
