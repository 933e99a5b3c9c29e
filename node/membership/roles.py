"""Roles 角色: what a name stands for on this network. Two questions that have nothing to do with each other.

What a *node* is follows from the registry and nothing else: it takes part in deciding, or it watches. What an
organisation or a person *does* is its business role, given once with its first certificate and kept for good; contracts
ask for that (``roles=`` of an action), and a scenario may name further ones.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

import msgspec

from node.membership.registry import Registry


class Kind(StrEnum):
    """What a key belongs to."""

    CONSENSUS = "consensus"  # 共识节点: a node that votes
    OBSERVER = "observer"  # 观察节点: a node that verifies and executes every block, and votes on none
    CLIENT = "client"  # a wallet: signs transactions, runs no node


class Role(msgspec.Struct, frozen=True):
    """A business role. ``read_only``: it watches, and no action is open to it but those that name it."""

    name: str
    chinese: str
    does: str
    read_only: bool = False


ROLES = MappingProxyType(
    {
        role.name: role
        for role in (
            Role("insurer", "保险公司", "underwrites, asks for history under a voucher, pays claims, cedes"),
            Role("reinsurer", "再保险公司", "takes shares of risks by treaty, settles statements, retrocedes"),
            Role("intermediary", "中介机构", "sells insurers' policies and is paid a commission"),
            Role("broker", "保险经纪", "places treaties between insurers and reinsurers"),
            Role("actuary", "精算师", "values what is owed and not yet known, and prices what may come"),
            Role("platform", "隐私计算中台", "adds up what others share masked, and publishes what tells of nobody"),
            Role("hospital", "医院", "reports treatment and charges, answers under a voucher"),
            Role("bureau", "医保局", "reviews filings, holds medical history, supervises each answer"),
            Role("regulator", "监管机构", "watches what it may see, and keeps registers of its own", read_only=True),
            Role("custodian", "托管机构", "keeps payloads for others, and policies by their holders' choice"),
            Role("bank", "银行", "holds accounts and pays across the network's edge"),
            Role("trader", "交易方", "buys and sells shares of risk"),
            Role("oracle", "预言机", "states facts of the world that contracts settle by"),
            Role("tax", "税务局", "collects contributions to the basic medical insurance and issues their vouchers"),
            Role("centre", "医保经办中心", "registers the residents of its place with the basic medical insurance"),
            Role("channel", "缴费渠道", "a card, a bank or a phone through which contributions are paid"),
            Role("pharmacy", "药店", "sells medicine, answers under a voucher for what it sold"),
            Role("steward", "健康管家", "looks after people's health by what they show it"),
            Role("researcher", "研究机构", "studies genes, and is told counts"),
            Role("maker", "药企", "makes medicine, and commits to the labels of its packages"),
            Role("farmer", "农户", "keeps animals, insures them and claims for them"),
            Role("quarantine", "检疫部门", "identifies animals, vaccinates them, and reads what died"),
            Role("exporter", "贸易企业", "sells goods abroad, declares and insures them"),
            Role("window", "国际贸易单一窗口", "takes in bills of lading, where declarations are made"),
            Role("customs", "海关", "clears goods by the exporter's own declaration"),
            Role("shipper", "货主", "has goods under way"),
            Role("device", "物联网设备", "reads the temperature of goods, and where they are"),
            Role("firm", "核心企业", "owes its suppliers, and confirms it"),
            Role("supplier", "供应商", "holds receivables, passes them on and has them financed"),
            Role("carmaker", "主机厂", "registers vehicles and parts, and authorises repair shops"),
            Role("shop", "修理厂", "repairs vehicles"),
            Role("police", "交警", "states what happened in an accident"),
            Role("owner", "车主", "has a vehicle, and insures it"),
            Role("passenger", "旅客", "flies, and is paid when late"),
            Role("manager", "管理人", "founds a mutual pool by fixed rules, or runs an asset-backed plan"),
            Role("trustee", "年金受托人", "holds an annuity plan, and moves its members' parts"),
            Role("keeper", "账户管理人", "keeps the accounts of an annuity plan's members"),
            Role("member", "企业年金成员", "moves its annuity along with its job"),
            Role("project", "项目方", "borrows what an asset-backed plan raised"),
            Role("investor", "投资人", "holds units of a plan, or what a catastrophe swap may cost"),
            Role("trust", "信托公司", "places and answers orders over the counter"),
            Role("fund", "基金公司", "places and answers orders over the counter"),
            Role("adjuster", "公估人", "sits on the panel that rules on contested claims"),
            Role("court", "法院", "rules on contested claims with the panel"),
            Role("patient", "患者", "a person: grants and revokes consent, holds policies, is paid"),
        )
    }
)
"""The roles that the shipped contracts and scenarios know, by name. Names on the chain are English, one word each."""

READ_ONLY_ROLES = frozenset(role.name for role in ROLES.values() if role.read_only)
"""They watch and write nothing (row 21); an action open to every role is not open to them."""


def kind_of(registry: Registry, number: int) -> Kind | None:
    """What the node of that number is now; None where no such node was certified."""
    if registry.member(number) is None:
        return None
    return Kind.CONSENSUS if number in registry.voters else Kind.OBSERVER
