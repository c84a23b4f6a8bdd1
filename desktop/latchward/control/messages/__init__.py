"""Everything that may be said on the private link.

The gateway speaks first (`Hello`), the tray answers `Ready`; then each says
what it has to say. A request of the tray carries a `serial`, and the gateway's
`Done` or `Failed` repeats it. Texts that come from agents or servers are as they
came: whoever shows them makes them safe (`model.plain`).

    parts   what messages are made of
    told    the gateway to the tray
    asked   the tray to the gateway
"""

from typing import Final

from .asked import (
    AcceptServer,
    AcceptTools,
    AddServer,
    Adopt,
    Answered,
    AnswerHeld,
    Block,
    ConnectClient,
    EndTemporary,
    Propose,
    ProposeAdoption,
    ProposeRestore,
    Quit,
    Ready,
    RemoveServer,
    Restore,
    RetryServer,
    Save,
)
from .parts import (
    AdoptionStep,
    AspectWord,
    Call,
    ClientView,
    EffectWord,
    FileChange,
    FoundServer,
    Held,
    Mode,
    Question,
    ScopeWord,
    ServerView,
    Temporary,
    ToolView,
)
from .told import (
    AdoptionProgress,
    Asked,
    Calls,
    Clients,
    Closed,
    Done,
    Failed,
    FilePlan,
    HeldList,
    Hello,
    Preview,
    Servers,
    ShowWindow,
    Status,
    Stop,
    TemporaryList,
)

VERSION: Final = 2

FromGateway = (
    Hello
    | Status
    | Asked
    | Closed
    | Servers
    | HeldList
    | TemporaryList
    | Preview
    | Clients
    | FilePlan
    | AdoptionProgress
    | Calls
    | Done
    | Failed
    | ShowWindow
    | Stop
)
FromTray = (
    Ready
    | Answered
    | EndTemporary
    | Block
    | Propose
    | Save
    | AddServer
    | AcceptServer
    | RemoveServer
    | RetryServer
    | AcceptTools
    | AnswerHeld
    | ProposeAdoption
    | Adopt
    | ProposeRestore
    | Restore
    | ConnectClient
    | Quit
)

__all__ = [
    "VERSION",
    "AcceptServer",
    "AcceptTools",
    "AddServer",
    "Adopt",
    "AdoptionProgress",
    "AdoptionStep",
    "AnswerHeld",
    "Answered",
    "Asked",
    "AspectWord",
    "Block",
    "Call",
    "Calls",
    "ClientView",
    "Clients",
    "Closed",
    "ConnectClient",
    "Done",
    "EffectWord",
    "EndTemporary",
    "Failed",
    "FileChange",
    "FilePlan",
    "FoundServer",
    "FromGateway",
    "FromTray",
    "Held",
    "HeldList",
    "Hello",
    "Mode",
    "Preview",
    "Propose",
    "ProposeAdoption",
    "ProposeRestore",
    "Question",
    "Quit",
    "Ready",
    "RemoveServer",
    "Restore",
    "RetryServer",
    "Save",
    "ScopeWord",
    "ServerView",
    "Servers",
    "ShowWindow",
    "Status",
    "Stop",
    "Temporary",
    "TemporaryList",
    "ToolView",
]
