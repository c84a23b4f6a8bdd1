"""Where each client keeps its files, on each system and under each environment that it honours."""

from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Final

import pytest

from latchward.clients.home import Home
from latchward.clients.known import CLIENTS
from latchward.endpoint import is_name

LINUX: Final = PurePosixPath("/home/ada")
MAC: Final = PurePosixPath("/Users/ada")
WINDOWS: Final = PureWindowsPath(r"C:\Users\Ada")

FILES: Final[dict[tuple[str, str], list[str]]] = {
    ("claude-desktop", "linux"): ["/home/ada/.config/Claude/claude_desktop_config.json"],
    ("claude-desktop", "darwin"): [
        "/Users/ada/Library/Application Support/Claude/claude_desktop_config.json"
    ],
    ("claude-desktop", "win32"): [
        r"C:\Users\Ada\AppData\Local\Packages\Claude_pzs8sxrjxfjjc\LocalCache\Roaming\Claude"
        r"\claude_desktop_config.json",
        r"C:\Users\Ada\AppData\Roaming\Claude\claude_desktop_config.json",
    ],
    ("claude-code", "linux"): ["/home/ada/.claude.json", "/home/ada/.claude/.config.json"],
    ("claude-code", "darwin"): ["/Users/ada/.claude.json", "/Users/ada/.claude/.config.json"],
    ("claude-code", "win32"): [r"C:\Users\Ada\.claude.json", r"C:\Users\Ada\.claude\.config.json"],
    ("cursor", "linux"): ["/home/ada/.cursor/mcp.json"],
    ("cursor", "darwin"): ["/Users/ada/.cursor/mcp.json"],
    ("cursor", "win32"): [r"C:\Users\Ada\.cursor\mcp.json"],
    ("vscode", "linux"): [
        "/home/ada/.config/Code/User/mcp.json",
        "/home/ada/.config/Code/User/profiles/*/mcp.json",
        "/home/ada/.config/Code - Insiders/User/mcp.json",
        "/home/ada/.config/Code - Insiders/User/profiles/*/mcp.json",
        "/home/ada/.vscode-server/data/User/mcp.json",
        "/home/ada/.vscode-server/data/User/profiles/*/mcp.json",
        "/home/ada/.vscode-server-insiders/data/User/mcp.json",
        "/home/ada/.vscode-server-insiders/data/User/profiles/*/mcp.json",
        "/home/ada/.config/Code/User/settings.json",
        "/home/ada/.config/Code/User/profiles/*/settings.json",
        "/home/ada/.config/Code - Insiders/User/settings.json",
        "/home/ada/.config/Code - Insiders/User/profiles/*/settings.json",
        "/home/ada/.vscode-server/data/User/settings.json",
        "/home/ada/.vscode-server/data/User/profiles/*/settings.json",
        "/home/ada/.vscode-server-insiders/data/User/settings.json",
        "/home/ada/.vscode-server-insiders/data/User/profiles/*/settings.json",
    ],
    ("codex", "linux"): ["/home/ada/.codex/config.toml"],
    ("codex", "darwin"): ["/Users/ada/.codex/config.toml"],
    ("codex", "win32"): [r"C:\Users\Ada\.codex\config.toml"],
    ("gemini", "linux"): ["/home/ada/.gemini/settings.json"],
    ("gemini", "darwin"): ["/Users/ada/.gemini/settings.json"],
    ("gemini", "win32"): [r"C:\Users\Ada\.gemini\settings.json"],
}

FIRST: Final[dict[tuple[str, str], str]] = {
    ("vscode", "darwin"): "/Users/ada/Library/Application Support/Code/User/mcp.json",
    ("vscode", "win32"): r"C:\Users\Ada\AppData\Roaming\Code\User\mcp.json",
}

MOVED: Final[list[tuple[str, str, dict[str, str], str]]] = [
    (
        "claude-desktop",
        "linux",
        {"XDG_CONFIG_HOME": "/srv/config"},
        "/srv/config/Claude/claude_desktop_config.json",
    ),
    ("vscode", "linux", {"XDG_CONFIG_HOME": "/srv/config"}, "/srv/config/Code/User/mcp.json"),
    ("vscode", "win32", {"APPDATA": r"D:\Roaming"}, r"D:\Roaming\Code\User\mcp.json"),
    ("claude-code", "linux", {"CLAUDE_CONFIG_DIR": "/srv/claude"}, "/srv/claude/.claude.json"),
    ("codex", "linux", {"CODEX_HOME": "/srv/codex"}, "/srv/codex/config.toml"),
    ("codex", "win32", {"CODEX_HOME": r"D:\codex"}, r"D:\codex\config.toml"),
    ("gemini", "linux", {"GEMINI_CLI_HOME": "/srv/gemini"}, "/srv/gemini/.gemini/settings.json"),
    ("cursor", "linux", {"XDG_CONFIG_HOME": "/srv/config"}, "/home/ada/.cursor/mcp.json"),
    ("codex", "linux", {"CODEX_HOME": "relative/codex"}, "/home/ada/.codex/config.toml"),
    ("codex", "linux", {"CODEX_HOME": ""}, "/home/ada/.codex/config.toml"),
]

IN_A_PROJECT: Final[dict[str, list[str]]] = {
    "claude-desktop": [],
    "claude-code": [".mcp.json"],
    "cursor": [".cursor/mcp.json"],
    "vscode": [".vscode/mcp.json", ".vscode/settings.json"],
    "codex": [".codex/config.toml"],
    "gemini": [".gemini/settings.json"],
}


def machine(platform: str, **environ: str) -> Home:
    folders: dict[str, PurePath] = {"linux": LINUX, "darwin": MAC, "win32": WINDOWS}
    return Home(folders[platform], environ, platform)


def files(client: str, home: Home) -> list[str]:
    return [str(source.path) for source in CLIENTS[client].files(home)]


@pytest.mark.parametrize(("client", "platform"), FILES)
def test_a_client_has_these_files_on_this_system(client: str, platform: str) -> None:
    assert files(client, machine(platform)) == FILES[client, platform]


@pytest.mark.parametrize(("client", "platform"), FIRST)
def test_a_client_writes_this_file_on_this_system(client: str, platform: str) -> None:
    assert files(client, machine(platform))[0] == FIRST[client, platform]


@pytest.mark.parametrize(("client", "platform", "environ", "file"), MOVED)
def test_the_environment_moves_the_files_of_a_client_that_honours_it(
    client: str, platform: str, environ: dict[str, str], file: str
) -> None:
    assert files(client, machine(platform, **environ))[0] == file


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_has_these_files_in_a_project(client: str) -> None:
    folder = PurePosixPath("/srv/project")
    sources = CLIENTS[client].project_files(folder)
    assert [str(source.path.relative_to(folder)) for source in sources] == IN_A_PROJECT[client]
    assert all((source.scope, source.project) == ("project", folder) for source in sources)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("client", CLIENTS)
def test_every_path_of_a_client_is_whole_and_in_the_home_folder(client: str, platform: str) -> None:
    home, known = machine(platform), CLIENTS[client]
    paths = [source.path for source in known.files(home)]
    paths += [*known.traces(home), *(listing.path for listing in known.folders(home))]
    assert paths
    assert all(path.is_relative_to(home.home) for path in paths)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_is_fit_to_be_a_client_of_ours(client: str) -> None:
    known = CLIENTS[client]
    assert is_name(known.id)
    assert known.title
    assert all(sentence.endswith(".") for sentence in (known.restart, known.check))
