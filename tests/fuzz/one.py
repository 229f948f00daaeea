"""`python -m tests.fuzz.one <family> <target> <seconds> <folder>`: one target under atheris, until its time is up.

Without arguments it lists what there is, a line each. An input that raises, takes too long or too much memory ends it,
non-zero, with the input in a file finding-….
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


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

    with atheris.instrument_imports(include=list(FAMILIES[family])):
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
        fed(target),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
