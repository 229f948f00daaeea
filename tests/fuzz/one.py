"""`python -m tests.fuzz.one <family> <target> <seconds> <folder>`: one target under atheris, until its time is up.

Without arguments it lists what there is, a line each. An input that raises, takes too long or too much memory ends it,
non-zero, with the input in a file finding-….
"""

import hashlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


# Of these atheris makes, under Python 3.11, code that ends the process. What a stranger sent is parsed elsewhere (an
# order that the agent gets, in tsm/instructions.py), so the search isn't led by their branches, and they run as ever.
NOT_INSTRUMENTED = ["ca.lint.rules", "ca.lint.shape", "ca.lint.reading", "tsm.agent"]


def main() -> None:
    """List the targets, or run one."""
    import django

    from tests.fuzz.families import FAMILIES, targets

    if len(sys.argv) == 1:
        django.setup()
        for family in FAMILIES:
            for name in targets(family):
                print(family, name)  # noqa: T201
        return
    family, name, seconds, folder = sys.argv[1:]
    run(family, name, int(seconds), Path(folder))


def run(family: str, name: str, seconds: int, folder: Path) -> None:
    """Search until the time is up. Doesn't return: libFuzzer ends the process."""
    import atheris

    from tests.fuzz.families import FAMILIES, targets
    from tests.fuzz.target import fed

    with atheris.instrument_imports(include=list(FAMILIES[family]), exclude=NOT_INSTRUMENTED):
        import django

        django.setup()
        target = targets(family)[name]
        if target.database:
            from django.test.utils import setup_databases

            setup_databases(verbosity=0, interactive=False)
        if target.prepare is not None:
            target.prepare()
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number:04}").write_bytes(seed[: target.longest])
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-max_len={target.longest}",
            f"-timeout={target.seconds}",
            f"-rss_limit_mb={target.megabytes}",
            f"-artifact_prefix={folder}/finding-",
            "-print_final_stats=1",
            str(corpus),
        ],
        keeping(fed(target), folder),
    )
    atheris.Fuzz()


def keeping(once: Callable[[bytes], None], folder: Path) -> Callable[[bytes], None]:
    """Return what keeps the input that raises, and ends there.

    libFuzzer would write it when the process ends; but Python ends before it, and its timer doesn't wait for that.
    """

    def kept(data: bytes) -> None:
        try:
            once(data)
        except BaseException:
            traceback.print_exc()
            (folder / f"finding-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)
            sys.stderr.flush()
            os._exit(77)

    return kept


if __name__ == "__main__":
    main()
