"""What ``consortium export``, ``import`` and ``prune`` do and say. Each returns an exit code."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from node.archive import ArchiveError, Progress, export_node, import_ledger
from node.assembly import Common
from node.config import ConfigError, NodeConfig, load_config
from node.ledger import AuditError, StoreError
from node.pruning import KEEP_MIN, prune, restore
from scenarios.failures import EXIT_FAIL, EXIT_INVALID, EXIT_PASS, say
from scenarios.results.replay import ContractMachine

_CONFIGURATIONS = ("node.json", "node.yaml")
_SHOW_EVERY = 1000


def run_export(node: Path, ledger: Path) -> int:
    """Write the ledger of the stopped node in folder ``node`` to ``ledger``."""
    try:
        config, common = _configured(node)
        done = export_node(config.database, common.genesis_block, ledger, _progress("exported"))
    except (ArchiveError, ConfigError, StoreError) as error:
        say(f"consortium: {error}")
        return EXIT_INVALID
    if done.lacking is not None:
        say(f"{node}: block {done.lacking} is not here, skipped with a snapshot: the export ends before it")
    if done.uncertified:
        say(f"{node}: {done.uncertified} blocks at the end are left out, which nothing certifies yet")
    typer.echo(f"{ledger}: {done.height + 1:,} blocks, head {done.head.hex()}")
    return EXIT_PASS


def run_import(ledger: Path, node: Path) -> int:
    """Verify ``ledger`` and make it the database of the node that is configured in folder ``node``."""
    try:
        config, common = _configured(node)
        audit = import_ledger(ledger, config.database, common.genesis, ContractMachine, _progress("imported"))
    except AuditError as error:
        say(f"consortium: {error}; nothing was imported")
        return EXIT_FAIL
    except (ArchiveError, ConfigError, StoreError) as error:
        say(f"consortium: {error}")
        return EXIT_INVALID
    typer.echo(
        f"{config.database}: {audit.blocks:,} blocks, {audit.transactions:,} transactions; height {audit.height}"
    )
    typer.echo(f"head {audit.head.hex()}, state root {audit.state_root.hex()}")
    number = common.directory.number(config.name)
    if number is not None and number in common.voters:
        say(f"note: {config.name} votes; one that has voted under this number before must not begin again like this")
    return EXIT_PASS


def run_prune(node: Path, keep: int, *, undo: bool) -> int:
    """Let the stopped node in folder ``node`` go of all bodies but the last ``keep``; ``undo``: have it fetch them."""
    if keep < KEEP_MIN:
        raise typer.BadParameter(f"a node keeps its last {KEEP_MIN} blocks at least, not {keep}")
    try:
        config, common = _configured(node)
        if undo:
            restore(config.database)
            typer.echo(f"{config.database}: will be whole again once the node has run for a while")
            return EXIT_PASS
        done = prune(config.database, common, keep=keep)
    except (ArchiveError, ConfigError, StoreError) as error:
        say(f"consortium: {error}")
        return EXIT_INVALID
    freed = done.freed_bytes / 1e6
    typer.echo(f"{config.database}: bodies of blocks 1 to {done.height:,} are gone, {freed:,.1f} MB smaller")
    return EXIT_PASS


def _configured(node: Path) -> tuple[NodeConfig, Common]:
    """The configuration of a node, given by its folder or by the file, and what follows from its genesis."""
    config = load_config(_configuration_in(node) if node.is_dir() else node)
    genesis = config.load_genesis()
    try:
        return config, Common(genesis)
    except (KeyError, ValueError) as error:  # an unknown protocol; settings that no contract takes
        raise ConfigError(f"the genesis of {genesis.network}: {error.args[0]}") from None


def _configuration_in(folder: Path) -> Path:
    """The configuration of the node that lives in ``folder``: a run's, or one of ``consortium init``."""
    paths = [folder / name for name in _CONFIGURATIONS]
    return next((path for path in paths if path.is_file()), paths[0])


def _progress(done: str) -> Progress | None:
    """Shown on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def progress(height: int) -> None:
        if height % _SHOW_EVERY == 0:
            typer.echo(f"\r{done} {height:,} blocks", err=True, nl=False)

    return progress
