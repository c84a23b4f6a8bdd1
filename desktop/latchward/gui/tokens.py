"""The design system as data, free of Qt: spaces, sizes, radii, colours, and the looks of words.

Colours come in two sets; the palette's lightness picks one. A tone is never told by colour alone:
each comes with an icon and a word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

# Spaces, in logical pixels
XS: Final = 4
S: Final = 8
M: Final = 12
L: Final = 16
XL: Final = 24
XXL: Final = 32

RADIUS: Final = 6
RADIUS_LARGE: Final = 10
FOCUS: Final = 2
"""Width of the focus ring."""

Size = Literal["small", "body", "lead", "title", "display"]
SIZES: Final[Mapping[Size, float]] = MappingProxyType(
    {"small": 0.9, "body": 1.0, "lead": 1.12, "title": 1.35, "display": 1.8}
)
"""Type sizes, as factors of the person's own font size."""

ToneName = Literal["plain", "quiet", "firm", "info", "good", "caution", "danger"]


@dataclass(frozen=True, slots=True)
class Tone:
    """Text on a fill within an edge. Text reads on `fill` and on the window alike."""

    text: str
    fill: str
    edge: str


@dataclass(frozen=True, slots=True)
class Colours:
    """One set of colours, as `#rrggbb`."""

    dark: bool
    window: str
    surface: str
    raised: str
    hover: str
    text: str
    muted: str
    edge: str
    edge_strong: str
    accent: str
    on_accent: str
    selection: str
    on_selection: str
    tones: Mapping[ToneName, Tone]


LIGHT: Final = Colours(
    dark=False,
    window="#f5f6f8",
    surface="#ffffff",
    raised="#ffffff",
    hover="#eceef2",
    text="#1a1f27",
    muted="#545d6a",
    edge="#d8dce3",
    edge_strong="#868f9c",
    accent="#0f5fc2",
    on_accent="#ffffff",
    selection="#cfe2fb",
    on_selection="#10151c",
    tones=MappingProxyType(
        {
            "plain": Tone("#1a1f27", "#ffffff", "#d8dce3"),
            "quiet": Tone("#4a5361", "#e9ecf1", "#d3d8e0"),
            "firm": Tone("#1a1f27", "#dce1e9", "#868f9c"),
            "info": Tone("#134f9e", "#e4effc", "#b9d3f3"),
            "good": Tone("#17612f", "#e1f3e6", "#aed9bb"),
            "caution": Tone("#7a4300", "#fff1d9", "#efcd93"),
            "danger": Tone("#a11a12", "#fde8e5", "#f2b8b1"),
        }
    ),
)

DARK: Final = Colours(
    dark=True,
    window="#1d2026",
    surface="#14171b",
    raised="#282c34",
    hover="#323741",
    text="#e9ecf1",
    muted="#a6afbc",
    edge="#383e49",
    edge_strong="#78828f",
    accent="#6fb1ff",
    on_accent="#0b1420",
    selection="#24476f",
    on_selection="#f4f7fb",
    tones=MappingProxyType(
        {
            "plain": Tone("#e9ecf1", "#14171b", "#383e49"),
            "quiet": Tone("#b9c1cd", "#2b3039", "#3f4652"),
            "firm": Tone("#f4f6f9", "#444c59", "#78828f"),
            "info": Tone("#9ccaff", "#162a44", "#2a4a73"),
            "good": Tone("#8ddaa3", "#142d1d", "#27563a"),
            "caution": Tone("#ffc46b", "#372810", "#66491b"),
            "danger": Tone("#ff9f94", "#401b18", "#763029"),
        }
    ),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a word of ours is shown: its spelling to a person, its icon, its tone."""

    word: str
    icon: str
    tone: ToneName


EFFECTS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "allow": Look("Allow", "check", "good"),
        "approve": Look("Ask", "ask", "caution"),
        "deny": Look("Deny", "deny", "firm"),
        "hide": Look("Hide", "hide", "quiet"),
    }
)

SEVERITIES: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "low": Look("Low", "level-1", "quiet"),
        "medium": Look("Medium", "level-2", "info"),
        "high": Look("High", "level-3", "caution"),
        "critical": Look("Critical", "level-4", "danger"),
    }
)

SHIELDS: Final[Mapping[ToneName, str]] = MappingProxyType(
    {"danger": "#c0271d", "caution": "#c26a00", "info": "#4d6785", "quiet": "#4d6785"}
)
"""Grounds of the shield that asks, on light and dark alike; white reads on each."""

CATEGORIES: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "read": Look("Reads", "eye", "quiet"),
        "write": Look("Changes data", "pencil", "caution"),
        "execute": Look("Runs a program", "terminal", "danger"),
        "destructive": Look("May destroy data", "trash", "danger"),
        "financial": Look("Spends money", "coin", "danger"),
    }
)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG 2 counts it: 1 to 21."""
    dim, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
