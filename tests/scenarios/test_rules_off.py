"""Each scenario of a line of business fails as soon as the rule that it is about is switched off."""

import pytest
from msgspec.structs import replace

from node.contracts.chain_accounts import ChainAccount
from node.contracts.context import Context
from node.contracts.contributions import LOCK_MS, Lock
from node.contracts.products import AGE_MIN, score
from node.contracts.reasons import decide
from node.contracts.reinsurance.netting import net_out
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.roles.gb11643 import flaw_in
from scenarios.runner import run
from scenarios.shipped import shipped
from tests.scenarios.rules import Replaced, replaced, told_by_themes, waived


def _higher_thresholds(scoring, points, attempt):
    """As if a score had to be above each threshold."""
    return decide(scoring, points - 1, attempt)


def _newest(first, switches, _):
    """As if what was bound before went by the newest version as well."""
    return switches[-1][1] if switches else first


def _as_if_nothing_was_paid(charges, _, terms):
    """As if a layer saw the whole bill, and not what the earlier ones left of it."""
    return [0 if kind in terms.excluded else fen for kind, fen in charges]


def _nothing_excluded(_rules, charges):
    """As if every item of a bill were paid."""
    return sum(fen for _, fen in charges), 0


def _rounded_down(total, shares):
    """As if nobody got the fen that are left over."""
    return tuple(total * share // sum(shares) for share in shares)


def _a_moment_longer(channel, payer, time_ms):
    """As if a record were still locked when twenty minutes are over."""
    return Lock(channel=channel, payer=payer, until_ms=time_ms + LOCK_MS + 1)


def _one_price(terms, _age):
    """As if minors paid what adults pay."""
    return terms.adult_premium


def _without_cap(terms, eligible):
    """As if a year's benefit had no limit."""
    return max(eligible - terms.deductible, 0) * terms.ratio // 1_000_000


def _one_balance(account, year):
    """As if this year's credits were an earlier year's."""
    return replace(account, year=year, current_fen=0, prior_fen=account.prior_fen + account.current_fen)


def _unmapped(ctx, kind, key, found=Context.get):
    """As if nobody looked whether the user has an account."""
    return None if kind is ChainAccount else found(ctx, kind, key)


def _blind_to_age(scoring, _age, history):
    """As if everybody were young."""
    return score(scoring, AGE_MIN, history)


def _blind_to_history(scoring, age, _history):
    """As if nobody had been ill."""
    return score(scoring, age, 0)


def _gross(debts):
    """As if each region paid what it owes and got what it is owed, each in full."""
    netting = net_out(debts)
    return netting._replace(net=netting.gross)


def _lenient(flaw):
    """As if the channel's form overlooked one kind of wrong input."""
    return lambda identity, on: "" if (found := flaw_in(identity, on)) == flaw else found


UNSIGNED = Replaced("node.contracts.endorsement:_Signed.missing", lambda *_: "")
"""As if it did not matter who signed besides the sender."""

RULES = {
    # contributions
    "for_everyone": (
        *("already_enrolled", "enrolment_closed", "not_offered_by_you", UNSIGNED),
        Replaced("node.contracts.inclusive.terms:PlanTerms.premium", _one_price),
        Replaced("node.contracts.inclusive.terms:PlanTerms.benefit", _without_cap),
    ),
    "one_place": (
        *("already_paid", "enrolled_already", "not_registered", "registered_already", "several_places"),
        UNSIGNED,
    ),
    "payment_lock": (
        *("already_paid", "lock_expired", "not_queried", "record_locked"),
        Replaced("node.contracts.contributions.payment:lock_from", _a_moment_longer),
        Replaced("node.business_clock:Horizon.flaw_in", lambda *_, **__: None),
    ),
    "prior_year_balance": (
        *("already_enrolled", "not_a_relative", "prior_balance_short", UNSIGNED),
        Replaced("node.contracts.personal_accounts:PersonalAccount.as_of", _one_balance),
    ),
    "red_seal": (
        *("already_paid", "key_reused", "not_paid", "record_locked", "voucher_exists"),
        Replaced("node.contracts.contributions.payment:_paid_by_this_key", lambda _ctx, _args: False),
    ),
    "two_channels": ("already_paid", "record_locked"),
    "who_may_pay": (
        *("already_paid", "illegal_transition", "no_information", "not_registered", "wrong_centre", "wrong_input"),
        Replaced("scenarios.roles.channel:flaw_in", _lenient("letter-case")),
        Replaced("scenarios.roles.channel:flaw_in", _lenient("check-character")),
    ),
    # zero perception
    "claims_by_themselves": (
        *("invoice_reused", "voucher_revoked"),
        Replaced("node.contracts.claims.automatic:sums", _nothing_excluded),
    ),
    "reads_off_the_log": ("voucher_revoked", Replaced("node.contracts.gateways:unlogged", lambda *_: "")),
    # underwriting
    "checked_unseen": (
        *("answer_not_proven", "field_not_covered", "guesses_used_up", "voucher_revoked", "wrong_asker"),
        "wrong_audience",
    ),
    "consented_query": (
        *("filing_not_live", "not_the_subject", "nothing_granted", "purpose_not_filed", "query_timed_out"),
        *("voucher_expired", "voucher_revoked", "wrong_audience", "wrong_purpose", "wrong_subject"),
        Replaced("node.contracts.consent:granted_fields", lambda asked, _covered, _filed: asked),
    ),
    "cover_summary": ("not_the_subject", Replaced("node.contracts.cover_summary:in_force", lambda *_: True)),
    "identified_once": ("disclosed_already", "not_as_verified", "not_verified", "voucher_revoked", "wrong_audience"),
    "onboarding": (
        *("field_not_listed", "filing_not_live", "illegal_transition"),
        Replaced("node.membership.registry:Registry.quorum", property(lambda _: 1)),
    ),
    "scored_and_decided": (
        *("cell_too_small", "does_not_add_up", "history_narrowed", "period_counted_already"),
        Replaced("node.contracts.underwriting:decide", _higher_thresholds),
        Replaced("scenarios.roles.insurer:score", _blind_to_age),
        Replaced("scenarios.roles.insurer:score", _blind_to_history),
    ),
    "code_maps": (
        "map_published_before",
        "map_backdated",
        "map_out_of_order",
        "map_not_in_force",
        Replaced("node.contracts.code_maps:unmapped_ppm", lambda *_: 0),
    ),
    "priced_from_data": (
        "premium_too_low",
        "premium_too_high",
        "not_the_premium",
        "ratio_outside_band",
        "too_few_heads",
        "filed_before",
        "product_not_filed",
        Replaced("node.contracts.filings:loss_ratio_ppm", lambda paid, premium: premium * 10**6 // max(1, paid)),
    ),
    "own_product": (
        "query_not_answered",
        "not_a_band",
        "score_needed",
        Replaced("node.contracts.underwriting:priced", lambda benefit, _: benefit),
        Replaced("scenarios.runner.story_settings:kept_up", lambda _: ()),
    ),
    # claims
    "claimed_twice": ("flag_not_cleared", "invoice_reused"),
    "contested": (
        *("award_beyond_cover", "illegal_transition"),
        UNSIGNED,
    ),
    "hospital_linked": ("voucher_still_live", Replaced("node.contracts.claims.papers:count", lambda *_: None)),
    "notice_to_close": (
        *("illegal_transition", "more_than_was_paid"),
        Replaced("node.contracts.claims.automatic:sums", _nothing_excluded),
        Replaced("node.contracts.claims.settlement:set_reserve", lambda *_: None),
    ),
    "rules_of_their_time": (
        *("council_short", "unknown_version", "version_backdated", "version_out_of_order"),
        Replaced("node.contracts.versions:in_force", _newest),
    ),
    "three_layers": (
        *("illegal_transition", "invoice_reused", "not_entitled_then", "not_your_layer"),
        Replaced("node.contracts.coordination.engine:eligible_of", _as_if_nothing_was_paid),
    ),
    "what_is_left": (
        "invoice_reused",
        Replaced("node.contracts.coordination.bills:leave", lambda *_: None),
    ),
    "treated_elsewhere": (
        *("nothing_to_net", "region_not_live"),
        Replaced("node.contracts.clearing:is_elsewhere", lambda *_: False),
        Replaced("node.contracts.clearing:net_out", _gross),
    ),
    # policies
    "by_choice": (Replaced("node.contracts.policy.notarisation:notarisation_hash", lambda *_: "00" * 32),),
    "cancelled": (
        Replaced("node.contracts.policy.servicing:short_rate_fen", lambda premium, *_: premium // 10),
        Replaced("node.contracts.policy.servicing:remove_cover", lambda *_: None),
    ),
    "card_passed_on": (
        *("illegal_transition", "not_happened_yet", "not_the_holder", "not_the_holder_then", "sold_out", UNSIGNED),
        Replaced("node.contracts.cards:holder_at", lambda card, _: card.path[0].holder),
    ),
    "changed_in_mid_term": (
        *("already_notarised", "already_renewed", "not_ended_yet", "not_the_holder", UNSIGNED),
        Replaced("node.contracts.policy.servicing:adjustment_fen", lambda before, after, *_: after - before),
        Replaced("node.contracts.policy.servicing:earned_fen", lambda premium, *_: premium // 4),
    ),
    "coinsured": (
        *("agreed_already", "illegal_transition", "other_slip", "shares_not_whole"),
        Replaced("node.contracts.coinsurance:divided", _rounded_down),
    ),
    "lapsed_and_revived": ("grace_over", "nothing_due", "policy_not_in_force", "within_grace"),
    "many_policies": (Replaced("scenarios.runner.e_policies:premiums", lambda n, fen, _: (fen // n,) * n),),
    "one_account_each": ("mapped_to_another_wallet", Replaced("node.contracts.context:Context.get", _unmapped)),
    "pledged": (
        *("beyond_the_value", "more_than_owed", "not_due_yet", "pledged_already", UNSIGNED),
        Replaced("node.contracts.policy.liens:lien_on", lambda *_: None),
    ),
    "shared_loss": ("no_active_lien", Replaced("node.contracts.policy.liens:lien_on", lambda *_: None)),
    "silent_edit": (
        "wrong_insurer",
        Replaced("node.contracts.custody:is_document_of", lambda *_: True),
        Replaced("node.contracts.policy.notarisation:is_document_of", lambda *_: True),
    ),
    "told_before_sold": (
        *("confirmation_missing", "disclosed_already", "disclosure_missing", "not_the_customer"),
        *("other_terms_disclosed", "other_terms_read"),
    ),
    "duplicate_cover": ("illegal_transition",),
    "one_claim": ("out_of_scope",),  # what else it tells, others do in less time
    # years
    "carried_together": (
        *("duplicate_invoice", "insured_elsewhere", "joined_already", "not_in_the_pool", "pool_incomplete"),
        Replaced("node.contracts.inclusive.pool:allocate", _rounded_down),
    ),
    # people who lie; without its detector each of them fails as well: test_misbehaviour.py
    "double_claim": ("invoice_reused",),
    "lying_oracle": (
        *("not_asked", "not_closed_yet", "not_known_yet"),
        Replaced("node.contracts.oracle:agreed", lambda values, *_: values[-1]),
    ),
    "silent_policy_edit": (Replaced("node.contracts.custody:is_document_of", lambda *_: True),),
    **told_by_themes("RULES"),
}
"""Scenario: its rules, each switched off by itself: a refusal's code, or Replaced("module:function", another)."""


def _cases():
    return [(name, rule) for name, rules in sorted(RULES.items()) for rule in rules]


def _told(value):
    return value.target if isinstance(value, Replaced) else value


@pytest.mark.parametrize(("name", "rule"), _cases(), ids=_told)
def test_without_the_rule_the_verdict_is_fail(name, rule, monkeypatch):
    let_through = []
    if isinstance(rule, Replaced):
        replaced(monkeypatch, rule)
    else:
        let_through = waived(monkeypatch, rule)
    result = run(load_scenario(shipped()[name]), view=NoView(), out=None, mode="virtual")
    assert result.verdict == "fail", result.lines
    assert isinstance(rule, Replaced) or let_through, f"nothing would have been refused with {rule}"
