"""``misbehaviour``: people who lie 人的不端, each in a way of its own; and what detection must come to.

A lie changes what somebody does in the story, or in a flow's claims, before anything is signed. Nodes keep to the
protocol all the while: for those that do not, see ``faults``. Which steps were lies is the truth that detection is
scored against; the detectors themselves see the ledger and their own party's papers, nothing else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, model_validator
from pydantic_core import PydanticCustomError

from scenarios.language import units
from scenarios.language.models.base import Nanoseconds, Part, Ppm, Word
from scenarios.language.models.market import Who
from scenarios.language.models.world import Moment

Kind = Literal[
    "backdated-cover",
    "colluding-hospital",
    "double-claim",
    "forged-invoice",
    "illegal-upload",
    "lying-oracle",
    "silent-policy-edit",
    "stolen-key",
    "withheld-loss-notice",
]


def _factor(value: Any) -> int:
    try:
        ppm = units.parse_share(str(value))
    except units.UnitError as error:
        raise PydanticCustomError("unit", "{said}", {"said": str(error)}) from None
    if not FACTOR_MIN < ppm <= FACTOR_MAX:
        raise PydanticCustomError("unit", "a bill is raised to more than 100 % of itself, and to at most 10,000 %")
    return ppm


FACTOR_MIN, FACTOR_MAX = 1_000_000, 100_000_000

Factor = Annotated[int, BeforeValidator(_factor, json_schema_input_type=str)]
"""How many times as much, as in `180 %`."""


class InStory(Part):
    """What is common to lies that are steps of a story: whose, and which of them."""

    kind: Kind
    """Which kind."""
    by: Word
    """Who lies."""
    on: Who | None = None
    """The steps that become lies, by their ids."""
    share: Ppm | None = None
    """Or: this share of all steps of theirs that could, drawn by the seed."""
    then: dict[Word, Annotated[str, Field(pattern=r"^[a-z_]+$")]] = Field(default_factory=dict)
    """By a step's id, the code that its receipt carries because of the lie: `ok`, or the reason of a refusal."""

    @model_validator(mode="after")
    def _which(self) -> InStory:
        if (self.on is None) == (self.share is None):
            raise ValueError("say which steps are lies: `on`, their ids; or `share`, how many of those that could be")
        return self


class BackdatedCover(InStory):
    """倒签保单. A policy is bound under an earlier time than it was, so that it covers what has happened already."""

    kind: Literal["backdated-cover"]
    """This one."""
    stamped: Moment
    """The business time that the policy claims to be bound at."""


class ColludingHospital(Part):
    """医患合谋. Hospital and patient agree on bills above what was treated, in a flow of claims."""

    kind: Literal["colluding-hospital"]
    """This one."""
    by: Word
    """Which hospital."""
    share: Ppm
    """Of its bills, how many, drawn by the seed."""
    factor: Factor
    """By how much they are raised."""


class DoubleClaim(InStory):
    """重复索赔. The papers of a stay that was claimed for are handed over for another claim, at whichever insurer."""

    kind: Literal["double-claim"]
    """This one."""
    stay: Word
    """The stay whose papers are handed over instead."""
    invoice: Word | None = None
    """Under this number of an invoice, so that it looks like another; else under its own."""


class ForgedInvoice(InStory):
    """伪造发票. A hospital hands over an invoice that is not the one it settled with the bureau."""

    kind: Literal["forged-invoice"]
    """This one."""
    factor: Factor | None = None
    """Every charge is raised by so much, and the total with them."""
    invoice: Word | None = None
    """The number is made up."""

    @model_validator(mode="after")
    def _how(self) -> ForgedInvoice:
        if self.factor is None and self.invoice is None:
            raise ValueError("say what is forged: `factor`, `invoice`, or both")
        return self


class IllegalUpload(InStory):
    """违法上传. Somebody uploads a file that nobody may upload."""

    kind: Literal["illegal-upload"]
    """This one."""
    content: str
    """What is in it, in place of what the step says."""


class LyingOracle(InStory):
    """预言机说谎. An oracle states another value than the one it saw."""

    kind: Literal["lying-oracle"]
    """This one."""
    value: Annotated[int, Field(ge=-(2**53) + 1, lt=2**53)]
    """What it states."""


class SilentPolicyEdit(InStory):
    """私改保单. An insurer changes its copy of a policy after binding, and gives that into custody."""

    kind: Literal["silent-policy-edit"]
    """This one."""


class StolenKey(InStory):
    """盗用私钥. A thief signs with a key that its owner had replaced, and sends money to somebody else."""

    kind: Literal["stolen-key"]
    """This one."""
    payee: Word
    """To whom."""
    key: Annotated[int, Field(ge=1, le=64)] = 1
    """Which of the owner's keys, counted from the first."""


class WithheldLossNotice(InStory):
    """隐瞒出险. A cedent does not tell its reinsurer of a loss, or tells it late."""

    kind: Literal["withheld-loss-notice"]
    """This one."""
    delay: Nanoseconds | None = None
    """By how much later it tells; never, where this is left out."""


Misbehaviour = Annotated[
    BackdatedCover
    | ColludingHospital
    | DoubleClaim
    | ForgedInvoice
    | IllegalUpload
    | LyingOracle
    | SilentPolicyEdit
    | StolenKey
    | WithheldLossNotice,
    Discriminator("kind"),
]
"""One kind of lie, by its name."""


class Detection(Part):
    """What the detection of one kind must come to. What a contract refuses counts as caught."""

    recall: Ppm | None = None
    """At least this share of the lies is caught."""
    precision: Ppm | None = None
    """At least this share of what is caught are lies."""
    prevented: Annotated[int, Field(ge=0)] | None = None
    """Exactly so many are refused by a contract."""
    within: Nanoseconds | None = None
    """Each that is caught is caught within so much business time."""
    false_alarms: Annotated[int, Field(ge=0)] | None = None
    """At most so many honest acts are taken for lies."""
    threshold: Annotated[int, Field(ge=0, le=10**12)] | None = None
    """The detector's threshold, in the unit that it documents; its own where this is left out."""

    @model_validator(mode="after")
    def _asks(self) -> Detection:
        asked = (self.recall, self.precision, self.prevented, self.within, self.false_alarms)
        if all(value is None for value in asked):
            raise ValueError("this can never fail: give `recall`, `precision`, `prevented`, `within` or `false_alarms`")
        return self
