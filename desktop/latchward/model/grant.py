"""Who may come in, and what they may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Grant:
    """An agent application (the client), the hash of its token, its servers.

    `servers` maps the name of an upstream to the name of the policy that holds
    for this client there. A server that is not in it does not exist for it.
    """

    client: str
    token_hash: str
    servers: Mapping[str, str] = field(default_factory=dict)
