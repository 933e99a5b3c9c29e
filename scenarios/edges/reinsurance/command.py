"""``consortium reinsurance``: a run's messages between cedents and reinsurers, out as JSON and as UN/EDIFACT."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import typer

from scenarios.edges.reinsurance.accounts import read_edifact, write_edifact
from scenarios.edges.reinsurance.edifact import CHARACTERS_MAX
from scenarios.edges.reinsurance.messages import Bordereau, MessageError, TechnicalAccount, to_json
from scenarios.edges.reinsurance.runs import messages_of
from scenarios.failures import EXIT_INVALID, EXIT_PASS, say
from scenarios.results.run_folder import write_atomically


def export_run(folder: Path, out: Path) -> int:
    """Write each message of the run as JSON; accounts and bordereaux as segments besides. The exit code."""
    try:
        messages = messages_of(folder)
    except MessageError as error:
        say(str(error))
        return EXIT_INVALID
    for number, message in enumerate(messages, start=1):
        name = f"{number:04}-{type(message).__name__}"
        write_atomically(out / f"{name}.json", to_json(message))
        if isinstance(message, TechnicalAccount | Bordereau):
            write_atomically(out / f"{name}.edi", write_edifact(message, number).encode())
    told = Counter(type(message).__name__ for message in messages)
    typer.echo(f"{', '.join(f'{many} {name}' for name, many in sorted(told.items()))}: {out}")
    return EXIT_PASS


def import_message(file: Path) -> int:
    """Print the RETACC or REBORD in ``file`` as JSON. The exit code."""
    try:
        with file.open("rb") as opened:
            text = opened.read(CHARACTERS_MAX + 1).decode()
        message = read_edifact(text)
    except OSError as error:
        say(f"{file}: {error.strerror or error}")
        return EXIT_INVALID
    except (MessageError, UnicodeDecodeError) as error:
        say(f"{file}: {error}")
        return EXIT_INVALID
    typer.echo(to_json(message).decode(), nl=False)
    return EXIT_PASS
