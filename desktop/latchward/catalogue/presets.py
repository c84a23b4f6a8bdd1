"""Ready answers for all tools of a server, as plain data that can be applied to a policy document."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from latchward.model.risk import Category, Risk, Rule, Severity

from .advice import rate_for


class Setting(NamedTuple):
    """What a preset says of one tool: `allow`, `approve`, `deny` or `hide`, and a rate where one is wise."""

    action: str
    rate_limit: dict[str, int | str] | None = None


Tools = Iterable[tuple[str, Risk]]
Preset = Callable[[Tools], dict[str, Setting]]


def recommended(tools: Tools) -> dict[str, Setting]:
    """Each tool by its recommended rule."""
    return {name: _by_rule(risk) for name, risk in tools}


def read_only(tools: Tools) -> dict[str, Setting]:
    """What only reads, and gives away no secret, is allowed; everything else is denied."""
    return {name: Setting("allow" if _reads(risk) else "deny") for name, risk in tools}


def ask_for_everything(tools: Tools) -> dict[str, Setting]:
    """A person is asked about every call."""
    return {name: Setting("approve") for name, _ in tools}


PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {"recommended": recommended, "read_only": read_only, "ask_for_everything": ask_for_everything}
)
"""The presets by their names."""


def _by_rule(risk: Risk) -> Setting:
    match risk.rule:
        case Rule.ALLOW:
            return Setting("allow")
        case Rule.LIMIT:
            return Setting("allow", rate_for(risk.category))
        case Rule.APPROVE:
            return Setting("approve")
        case Rule.HIDE:
            return Setting("hide")


def _reads(risk: Risk) -> bool:
    return risk.category is Category.READ and risk.severity <= Severity.MEDIUM
