"""What a server asks of a client, made fit to be judged, shown and passed on."""

import hashlib
from collections.abc import Mapping
from typing import Any

from latchward.model.caller import Question

from . import strict


def question(method: str, params: Mapping[str, Any]) -> Question:
    """The question; its `_meta` stays here, for what stands there is between the server and us."""
    own = {key: value for key, value in params.items() if key != "_meta"}
    canonical = strict.canonical({"method": method, "params": own})
    return Question(method, own, strict.serialise(own), hashlib.sha256(canonical).hexdigest())
