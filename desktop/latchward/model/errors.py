"""Every exception that Latchward raises on purpose.

    LatchwardError
    ├── ConfigError          a file or an argument of the person's is wrong
    │   ├── SettingsError    settings.json
    │   ├── PolicyError      a policy document; knows line and column
    │   └── ClientFileError  a file of an AI client cannot be read, or not be written
    ├── SecretError          the keyring cannot be used, or holds no such secret
    ├── ProfileError         the folders of a profile cannot be used
    ├── ClientError          what an agent sent is wrong: its fault
    │   └── ParseError       it is not one strict JSON-RPC message
    ├── UpstreamError        a server is at fault
    │   ├── NotSent          the call certainly never left
    │   │   ├── Withdrawn    its permission did not hold any more when it was about to
    │   │   └── Gone         what it is about is not there any more
    │   └── OutcomeUnknown   the call left and no answer came
    └── AuditError           the record cannot be written: nothing may leave

Messages are one line of lower case, quote the person's input in backticks and
end with what to do. They hold no secret and no stack trace.
"""


class LatchwardError(Exception):
    """The root: `str()` of it is a sentence fit to be shown."""


class ConfigError(LatchwardError):
    """A file or an argument of the person's is wrong."""


class SettingsError(ConfigError):
    """`settings.json` cannot be used."""


class PolicyError(ConfigError):
    """A policy document cannot be used.

    `line` and `column` count from 1 and are 0 where no place is known.
    """

    def __init__(self, message: str, *, source: str = "", line: int = 0, column: int = 0) -> None:
        self.message = message
        self.source = source
        self.line = line
        self.column = column
        place = f"{source}:{line}:{column}: " if line else (f"{source}: " if source else "")
        super().__init__(place + message)


class ClientFileError(ConfigError):
    """A file of an AI client cannot be read, or not be written; it is as it was."""


class SecretError(LatchwardError):
    """The keyring cannot be used, or holds no such secret."""


class ProfileError(LatchwardError):
    """The folders of a profile cannot be used: missing, foreign, or locked."""


class AlreadyRuns(ProfileError):
    """Another gateway has the profile. `pid` is its process, 0 where that is not known."""

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"another gateway (pid {pid or 'unknown'}) already runs on this profile: "
            "use that one, or quit it before you start another"
        )
        self.pid = pid


class ClientError(LatchwardError):
    """What an agent sent is wrong. `code` is the JSON-RPC error code."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        self.code = code
        self.message = message
        self.data = data
        super().__init__(message)


class ParseError(ClientError):
    """Bytes that are not one strict JSON-RPC message."""


class UpstreamError(LatchwardError):
    """A server is at fault."""


class NotSent(UpstreamError):
    """The call certainly never left: its reservations may be given back."""


class Withdrawn(NotSent):
    """What was judged changed before the call left."""


class Gone(NotSent):
    """What the call is about is not there any more."""


class OutcomeUnknown(UpstreamError):
    """The call left and no answer came; it is never sent again."""


class AuditError(LatchwardError):
    """The record cannot be written, so nothing may leave."""
