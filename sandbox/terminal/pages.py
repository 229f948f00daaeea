"""The terminal's two pages: the one that asks for card and PIN, and the one that says why it stopped."""

from html import escape
from pathlib import Path

from sandbox.terminal.card import CardError, Seen
from sandbox.terminal.texts import say
from sandbox.terminal.visits import Visit

STYLE = (Path(__file__).parent / "terminal.css").read_bytes()

_FRAME = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/terminal.css">
</head>
<body>
<a class="skip" href="#main">{to_main}</a>
<header><p class="brand">{terminal}</p>{toggle}</header>
<main id="main" tabindex="-1">
{main}
</main>
<footer><p>{test_note}</p></footer>
</body>
</html>
"""
_TOGGLE = '<a class="toggle" href="?lang={other}" lang="{other}">{name}</a>'

_ASK = """<h1>{ask}</h1>
<dl class="who"><div><dt>{who_asks}</dt><dd>{origin}</dd></div></dl>
{problem}
<form method="post" action="?lang={language}" autocomplete="off">
<ol class="steps">
<li><p class="step">{put}</p><p>{put_note}</p><p class="there there--{kind}" role="status">{there}</p></li>
<li><label class="step" for="pin">{pin}</label><p id="pin-note">{pin_note}</p>{tries}
<input id="pin" name="pin" type="password" inputmode="numeric" pattern="[0-9]{{4}}" minlength="4" maxlength="4" \
required autocomplete="off" aria-describedby="{described}"{invalid}></li>
</ol>
<p class="actions"><button>{read}</button><a class="quiet" href="?lang={language}">{again}</a></p>
</form>
<form method="post" action="{stop_at}"><p class="actions"><button class="quiet">{stop}</button></p></form>"""

_STOPPED = """<h1>{stopped}</h1>
<p class="problem" role="alert">{problem}</p>"""


def ask(visit: Visit, language: str, seen: Seen | CardError, problem: CardError | None = None) -> str:
    """Return the page that asks: what lies on the reader now, and what went wrong just before."""
    facts = {key: say(key, language) for key in ("ask", "who_asks", "put", "put_note", "pin", "pin_note")}
    facts |= {key: say(key, language) for key in ("read", "again", "stop")}
    tries = ""
    if isinstance(seen, Seen):
        kind = "phone" if seen.is_phone else "card"
        there = say(f"there_{kind}", language)
        if seen.tries == 1 or (seen.tries == 2 and problem is None):
            text = say("last_try", language) if seen.tries == 1 else say("tries", language, tries=seen.tries)
            tries = f'<p id="tries" class="warning">{escape(text)}</p>'
        elif not seen.tries and problem is None:
            problem = CardError("pin_blocked")
    else:
        kind, there = "nothing", say("there_nothing", language)
        if seen.code not in ("nothing_there", "taken_away") and problem is None:
            problem = seen
    about_pin = problem is not None and problem.code.startswith("pin_")
    main = _ASK.format(
        **{name: escape(text) for name, text in facts.items()},
        origin=escape(visit.origin),
        kind=kind,
        there=escape(there),
        tries=tries,
        language=language,
        stop_at=f"/visits/{visit.id}/stop",
        problem=f'<p class="problem" id="problem" role="alert">{escape(_why(problem, language))}</p>'
        if problem
        else "",
        described=" ".join(["pin-note", *(["tries"] if tries else []), *(["problem"] if about_pin else [])]),
        invalid=' aria-invalid="true"' if about_pin else "",
    )
    return _frame(say("ask", language), main, language, toggle=True)


def stopped(code: str, language: str) -> str:
    """Return the page that says why it doesn't go on."""
    main = _STOPPED.format(stopped=escape(say("stopped", language)), problem=escape(say(f"problem_{code}", language)))
    return _frame(say("stopped", language), main, language)


def _why(problem: CardError, language: str) -> str:
    return say(f"problem_{problem.code}", language, tries=problem.tries)


def _frame(title: str, main: str, language: str, *, toggle: bool = False) -> str:
    other, name = ("ja", "日本語") if language == "en" else ("en", "English")
    return _FRAME.format(
        language=language,
        title=escape(f"{title} | {say('terminal', language)}"),
        terminal=escape(say("terminal", language)),
        to_main=escape(say("to_main", language)),
        test_note=escape(say("test_note", language)),
        toggle=_TOGGLE.format(other=other, name=name) if toggle else "",
        main=main,
    )
