"""Schemes and who is in them: terms as data, filed by the bureau and everybody who pays by them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from node.contracts.context import Context, Plain, Refusal
from node.contracts.coordination.engine import ORDER, LayerTerms, in_order
from node.contracts.coordination.records import Entitlement, Scheme, contract
from node.contracts.fields import Arguments, Digest, Label, Labels, Millis
from node.contracts.vouchers import Subject

HOME_MAX = 64

Home = Annotated[str, Meta(max_length=HOME_MAX, pattern=r"^[a-z0-9._-]*\Z")]
"""A region, or "" where there is none."""


class SchemeArgs(Arguments, frozen=True):
    """See :class:`node.contracts.coordination.records.Scheme`."""

    scheme: Label
    layers: Annotated[tuple[LayerTerms, ...], Meta(min_length=1, max_length=len(ORDER))]
    starts_ms: Millis
    ends_ms: Millis
    region: Home = ""


class Settings(Arguments, frozen=True):
    """Schemes that there are from the beginning."""

    schemes: Annotated[tuple[SchemeArgs, ...], Meta(max_length=64)] = ()


class JoinArgs(Arguments, frozen=True):
    """Who joins which scheme, with which of its layers: not everybody buys all."""

    subject: Digest
    scheme: Label
    layers: Labels


@contract.settings(Settings)
def begin(ctx: Context, settings: Settings) -> None:
    """Write the schemes that there are from the beginning."""
    for args in settings.schemes:
        _file(ctx, args)


@contract.action(roles=("bureau",))
def file_scheme(ctx: Context, args: SchemeArgs) -> Plain:
    """方案备案. File a scheme; whoever pays under it signs with the bureau."""
    for terms in args.layers:
        ctx.require_signed(terms.payer)
    ctx.require(ctx.time_ms <= args.starts_ms, "scheme_in_the_past", args.scheme)
    _file(ctx, args)
    return {"scheme": args.scheme}


@contract.action(roles=("bureau", "insurer"))
def join(ctx: Context, args: JoinArgs) -> Plain:
    """参加方案. Somebody joins a scheme, or adds a layer; to join another, theirs must have ended.

    An insurer adds its layer to the scheme that they are in; into a scheme the bureau brings them, or their own
    signature: who could do it alone could keep them out of any other.
    """
    subject = ctx.find(Subject, args.subject)
    scheme = ctx.find(Scheme, args.scheme)
    ctx.require(ctx.time_ms < scheme.ends_ms, "scheme_ended", args.scheme)
    payers = {terms.name: terms.payer for terms in scheme.layers}
    held = ctx.get(Entitlement, args.subject)
    if held is not None and held.scheme != args.scheme:
        ctx.require(ctx.time_ms >= ctx.find(Scheme, held.scheme).ends_ms, "entitled_elsewhere", held.scheme)
    chosen = held is not None and held.scheme == args.scheme
    chosen = chosen or ctx.role == "bureau" or any(wallet in ctx.signers for wallet in subject.wallets)
    known = held.layers if held is not None and held.scheme == args.scheme else ()
    for layer in args.layers:
        ctx.require(layer in payers, "unknown_layer", layer)
        ctx.require(ctx.role == "bureau" or payers[layer] == ctx.client, "not_your_layer", layer)
    layers = tuple(name for name in ORDER if name in known or name in args.layers)
    ctx.require(bool(layers), "no_layer", args.scheme)
    ctx.require(chosen, "not_chosen", args.scheme)
    ctx.put(args.subject, Entitlement(scheme=args.scheme, layers=layers))
    return {"scheme": args.scheme, "layers": layers}


def _file(ctx: Context, args: SchemeArgs) -> None:
    ctx.require(ctx.get(Scheme, args.scheme) is None, "scheme_exists", args.scheme)
    ctx.require(args.starts_ms < args.ends_ms, "scheme_empty", args.scheme)
    if list(args.layers) != in_order(args.layers):
        raise Refusal("layers_out_of_order", ", ".join(ORDER))
    scheme = Scheme(layers=args.layers, region=args.region, starts_ms=args.starts_ms, ends_ms=args.ends_ms)
    ctx.put(args.scheme, scheme)
