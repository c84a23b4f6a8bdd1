"""What servers list besides their tools."""

from enum import StrEnum


class Listed(StrEnum):
    """A list of a server; the value is the member of the result that holds it."""

    PROMPTS = "prompts"
    RESOURCES = "resources"
    TEMPLATES = "resourceTemplates"

    @property
    def method(self) -> str:
        """The request that fetches it."""
        return "resources/templates/list" if self is Listed.TEMPLATES else f"{self.value}/list"

    @property
    def key(self) -> str:
        """The member by which an entry is known."""
        return {"prompts": "name", "resources": "uri", "resourceTemplates": "uriTemplate"}[self.value]

    @property
    def words(self) -> str:
        """What a person calls it."""
        return "resource templates" if self is Listed.TEMPLATES else self.value

    @property
    def capability(self) -> str:
        """The capability of a server that has such a list."""
        return "prompts" if self is Listed.PROMPTS else "resources"
