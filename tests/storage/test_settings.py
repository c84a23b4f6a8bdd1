"""settings.json: what it says, what is wrong with it and where, and how it is edited."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latchward.model.errors import ProfileError, SettingsError
from latchward.model.grant import Grant
from latchward.storage import settings as module
from latchward.storage.files import write_atomically
from latchward.storage.paths import Profile
from latchward.storage.settings import EMPTY, Settings, SettingsBook, load, parse, save

HASH = "sha256:" + "a" * 64
FULL = f"""{{
  "version": 1,
  "grants": {{
    "claude-code": {{ "token": "{HASH}", "servers": {{ "github": "work", "files": "home" }} }},
    "cursor": {{ "servers": {{}} }}
  }},
  "mcpServers": {{
    "github": {{
      "type": "http", "url": "https://example.com/mcp?x=1", "headers": {{ "Authorization": "Bearer s" }}
    }},
    "files": {{ "command": "npx", "args": ["-y", "server"], "env": {{ "A": "b" }}, "cwd": "/srv" }},
    "old": {{ "command": "old", "disabled": true }}
  }},
  "ask": {{ "terminal": true }}
}}"""


def read(text: str) -> Settings:
    return parse(text.encode(), source="settings.json")


def test_everything_that_a_file_can_say_is_read() -> None:
    settings = read(FULL)
    assert list(settings.servers) == ["github", "files"]
    assert settings.servers["github"].url == "https://example.com/mcp?x=1"
    assert settings.servers["github"].headers == {"Authorization": "Bearer s"}
    files = settings.servers["files"]
    assert (files.command, files.args, files.env, files.cwd) == ("npx", ("-y", "server"), {"A": "b"}, "/srv")
    assert list(settings.disabled) == ["old"]
    assert settings.grants["claude-code"] == Grant("claude-code", HASH, {"github": "work", "files": "home"})
    assert settings.grants["cursor"].token_hash == ""
    assert settings.ask_terminal
    assert settings.notes == ()


def test_a_missing_file_is_empty_settings(profile: Profile) -> None:
    assert load(profile) == EMPTY
    assert not EMPTY.servers
    assert not EMPTY.ask_terminal


def test_what_people_paste_from_elsewhere_is_read() -> None:
    assert list(read('{"mcpServers": {"time": {"command": "uvx"}}}').servers) == ["time"]


def server(text: str) -> str:
    return f'{{"mcpServers": {{\n  "a": {text}\n}}}}'


def grant(text: str) -> str:
    return f'{{"grants": {{\n  "c": {text}\n}}}}'


WRONG = {
    "empty": ("", '1:1: the file is empty: write `{"version": 1}`'),
    "no object": ("[]", "1:1: settings are an object"),
    "syntax": ('{\n  "version": 1\n  "ask": {}}', "3:3: a comma or closing bracket is missing"),
    "comma at the end": ('{\n  "version": 1,\n}', "3:1: a key is missing"),
    "twice": (
        '{"version": 1,\n "version": 1}',
        "2:2: the key `version` stands twice in one object: remove one",
    ),
    "twice inside": (server('{"command": "x",\n  "command": "y"}'), "3:3: the key `command` stands twice"),
    "unknown key": ('{\n  "mcpservers": {}}', "2:3: unknown key `mcpservers`"),
    "did you mean": ('{\n  "mcpservers": {}}', "did you mean `mcpServers`?"),
    "typo in a server": (server('{"commnad": "x"}'), "2:9: unknown key `commnad`"),
    "typo is answered": (server('{"commnad": "x"}'), "did you mean `command`?"),
    "typo in a grant": (
        grant('{"server": {}}'),
        "2:9: unknown key `server` at `/grants/c/server`: did you mean `servers`?",
    ),
    "typo in ask": (
        '{"ask": {"treminal": true}}',
        "1:10: unknown key `treminal` at `/ask/treminal`: did you mean `terminal`?",
    ),
    "newer": (
        '{"version": 2, "new": 1}',
        "1:13: version 2 is not known to this Latchward, which reads 1, at `/version`: update",
    ),
    "version text": (
        '{"version": "1"}',
        "1:13: version `1` is no number at `/version`: write `1` without quotes",
    ),
    "version true": ('{"version": true}', "1:13: version `true` is no number"),
    "wrong type": (
        server('{"command": "x", "args": "-y"}'),
        "2:33: wanted a list, found text at `/mcpServers/a/args`: put it in `[`",
    ),
    "number in args": (server('{"command": "x", "args": ["-p", 1]}'), "2:40: wanted text, found a number"),
    "number in env": (server('{"command": "x", "env": {"PORT": 80}}'), "2:41: wanted text, found a number"),
    "disabled text": (
        server('{"command": "x", "disabled": "no"}'),
        "2:37: wanted `true` or `false`, found text at `/mcpServers/a/disabled`: write it without quotes",
    ),
    "websocket": (
        server('{"type": "ws", "url": "https://x"}'),
        "2:17: `ws` is not known at `/mcpServers/a/type`: write `stdio`, `http`, `streamable-http` or `sse`",
    ),
    "sse command": (server('{"type": "sse", "command": "x"}'), "2:17: type `sse` does not go with `command`"),
    "shared text": (
        server('{"command": "x", "shared": "yes"}'),
        "2:35: wanted `true` or `false`, found text at `/mcpServers/a/shared`: write it without quotes",
    ),
    "neither": (
        server("{}"),
        "2:3: a server has neither `command` nor `url` at `/mcpServers/a`: write exactly one",
    ),
    "both": (server('{"command": "x", "url": "http://x"}'), "2:3: a server has both `command` and `url`"),
    "empty command": (server('{"command": " "}'), "2:20: the command is empty"),
    "stdio with url": (
        server('{"type": "stdio", "url": "http://x"}'),
        "2:17: type `stdio` does not go with `url`",
    ),
    "headers with command": (
        server('{"command": "x", "headers": {"A": "b"}}'),
        "2:25: `headers` does not go with `command`",
    ),
    "args with url": (server('{"url": "http://x", "args": ["b"]}'), "2:28: `args` does not go with `url`"),
    "ftp": (server('{"url": "ftp://x/"}'), "2:16: the URL's scheme `ftp` is not spoken"),
    "javascript": (server('{"url": "javascript:alert(1)"}'), "scheme `javascript` is not spoken"),
    "no host": (server('{"url": "https:///mcp"}'), "the URL names no host"),
    "password": (server('{"url": "https://me:canary@x/"}'), "the URL holds a user or a password"),
    "fragment": (server('{"url": "https://x/#y"}'), "the URL has a fragment"),
    "blank in URL": (server('{"url": "https://x/ y"}'), "the URL holds a blank or a character"),
    "port": (server('{"url": "https://x:99999/"}'), "the URL is not well formed"),
    "relative cwd": (server('{"command": "x", "cwd": "here"}'), "2:32: `here` is no absolute path"),
    "env name": (server('{"command": "x", "env": {"A=B": "canary"}}'), "2:33: `A=B` cannot be a variable"),
    "env NUL": (server('{"command": "x", "env": {"A": "\\u0000"}}'), "`A` cannot be a variable"),
    "arg NUL": (
        server('{"command": "x", "args": ["\\u0000"]}'),
        "text holds a NUL at `/mcpServers/a/args/0`",
    ),
    "half character": (server('{"command": "\\ud800"}'), "2:20: text holds half a character"),
    "header name": (
        server('{"url": "http://x", "headers": {"A B": "canary"}}'),
        "`A B` cannot name a header",
    ),
    "header value": (
        server('{"url": "http://x", "headers": {"A": "canary\\r\\nX: y"}}'),
        "the header `A` holds a character",
    ),
    "header twice": (
        server('{"url": "http://x", "headers": {"A": "1", "a": "2"}}'),
        "the header `a` stands twice",
    ),
    "server name": (
        '{"mcpServers": {"a b": {"command": "x"}}}',
        "1:17: `a b` cannot name a server at `/mcpServers/a b`: use 1 to 32",
    ),
    "long name": (f'{{"mcpServers": {{"{"x" * 33}": {{"command": "x"}}}}}}', "cannot name a server"),
    "two _": (
        '{"mcpServers": {"a__b": {"command": "x"}}}',
        "1:17: the name `a__b` holds two `_` or `-` in a row",
    ),
    "-_": ('{"mcpServers": {"a-_b": {"command": "x"}}}', "the name `a-_b` holds two `_` or `-` in a row"),
    "same name": (
        '{"mcpServers": {"my-git": {"command": "x"},\n"My_Git": {"command": "x"}}}',
        "2:1: the names `my-git` and `My_Git` look the same to some clients at `/mcpServers/My_Git`: ren",
    ),
    "client name": ('{"grants": {"c/d": {}}}', "1:13: `c/d` cannot name a client"),
    "policy name": (grant('{"servers": {"a": "../x"}}'), "2:26: `../x` cannot name a policy"),
    "bare token": (
        grant('{"token": "canary"}'),
        "2:18: the token is no hash at `/grants/c/token`: write `sha256:` and 64",
    ),
    "same token": (
        f'{{"grants": {{"c": {{"token": "{HASH}"}},\n"d": {{"token": "{HASH}"}}}}}}',
        "2:16: `c` and `d` have the same token",
    ),
    "not UTF-8 mark": ("\ufeff{}", "1:1: a byte order mark comes first"),
    "NaN": ('{"version": NaN}', "1:13: `NaN` is no number here"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place_and_a_remedy(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(text)
    sentence = str(refused.value)
    assert sentence.startswith("settings.json:")
    assert said in sentence
    assert ": " in sentence.split(": ", 1)[1], "a remedy is missing"
    assert "canary" not in sentence, "a secret is told"
    assert "\n" not in sentence


def test_the_first_of_several_faults_is_told() -> None:
    with pytest.raises(SettingsError, match=r"settings\.json:2:3: unknown key `oops`"):
        read('{\n  "oops": 1,\n  "mcpServers": {"a": {"commnad": 1}}}')


def test_a_malformed_file_is_never_touched(profile: Profile) -> None:
    profile.settings.write_text('{"version": 1')
    with pytest.raises(SettingsError):
        load(profile)
    assert profile.settings.read_text() == '{"version": 1'


def test_a_link_in_place_of_the_file_is_not_read(profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("{}")
    profile.settings.symlink_to(tmp_path / "theirs")
    with pytest.raises(ProfileError, match="symbolic link"):
        load(profile)


def test_a_grant_for_a_server_that_is_gone_is_a_note_and_no_fault() -> None:
    settings = read(
        '{"mcpServers": {"github": {"command": "x"}}, "grants": {"c": {"servers": {"githb": "p"}}}}'
    )
    (note,) = settings.notes
    assert note.startswith("the grant of `c` names a server that is not there: ")
    assert note.endswith("there is no server `githb`: did you mean `github`?")


def test_settings_cannot_be_changed_in_place() -> None:
    changeable: Any = read(FULL)
    for mapping in (changeable.servers, changeable.grants, changeable.grants["cursor"].servers):
        with pytest.raises(TypeError):
            mapping["x"] = 1


def test_saving_keeps_order_and_content(profile: Profile) -> None:
    save(profile, read(FULL))
    assert json.loads(profile.settings.read_text()) == json.loads(FULL)
    assert list(json.loads(profile.settings.read_text())) == ["version", "grants", "mcpServers", "ask"]
    assert profile.settings.read_text().startswith('{\n  "version": 1,\n  "grants": {\n    "claude-code"')
    assert load(profile) == read(FULL)


def test_a_server_is_added_at_the_end_and_nothing_else_changes() -> None:
    before = read(FULL)
    after = module.add_server(before, "time", {"command": "uvx", "args": ["mcp-time"]})
    assert list(after.servers) == ["github", "files", "time"]
    assert "time" not in before.servers
    assert after.grants == before.grants


@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("github", {"command": "x"}, "there is a server `github` already: remove it first"),
        ("git-hub", {}, "neither `command` nor `url`"),
        ("GitHub", {"command": "x"}, "look the same to some clients"),
        ("a__b", {"command": "x"}, "holds two `_`"),
        (
            "time",
            {"comand": "x"},
            "unknown key `comand` at `/mcpServers/time/comand`: did you mean `command`?",
        ),
        ("time", {"command": "\ud800"}, "half a character"),
    ],
)
def test_a_wrong_server_is_not_added(name: str, entry: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        module.add_server(read(FULL), name, entry)
    assert said in str(refused.value)


def test_a_removed_server_is_gone_from_every_grant() -> None:
    after = module.remove_server(read(FULL), "github")
    assert "github" not in after.servers
    assert after.grants["claude-code"].servers == {"files": "home"}
    assert after.notes == ()


def test_a_disabled_server_is_kept_and_can_come_back() -> None:
    off = module.set_disabled(read(FULL), "files", True)
    assert (list(off.servers), list(off.disabled)) == (["github"], ["files", "old"])
    assert module.set_disabled(off, "files", False) == read(FULL)


def test_a_grant_is_put_in_place_and_removed() -> None:
    new = Grant("codex", "sha256:" + "b" * 64, {"files": "home"})
    after = module.put_grant(read(FULL), new)
    assert after.grants["codex"] == new
    assert list(module.remove_grant(after, "claude-code").grants) == ["cursor", "codex"]
    changed = module.put_grant(after, Grant("codex", "", {}))
    assert changed.grants["codex"] == Grant("codex", "", {})


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda s: module.remove_server(s, "githb"), "there is no server `githb`: did you mean `github`?"),
        (
            lambda s: module.set_disabled(s, "zzz", True),
            "there is no server `zzz`: use one of `github`, `files`",
        ),
        (lambda s: module.remove_grant(s, "curser"), "there is no client `curser`: did you mean `cursor`?"),
        (lambda s: module.put_grant(s, Grant("x", "", {"githb": "p"})), "there is no server `githb`"),
        (lambda s: module.put_grant(s, Grant("x", "raw-token", {})), "the token is no hash"),
        (lambda s: module.put_grant(s, Grant("x", HASH, {})), "`claude-code` and `x` have the same token"),
        (lambda _: module.remove_server(EMPTY, "a"), "there is no server `a`: add it first"),
        (lambda _: module.remove_grant(EMPTY, "a"), "there is no client `a`: there is none at all"),
    ],
)
def test_an_edit_that_cannot_be_says_why(edit: Any, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        edit(read(FULL))
    assert said in str(refused.value)


def test_edits_of_empty_settings_make_a_file(profile: Profile) -> None:
    settings = module.add_server(EMPTY, "time", {"command": "uvx"})
    settings = module.put_grant(settings, Grant("c", "", {"time": "p"}))
    save(profile, module.set_ask_terminal(settings, True))
    assert json.loads(profile.settings.read_text()) == {
        "version": 1,
        "mcpServers": {"time": {"command": "uvx"}},
        "grants": {"c": {"servers": {"time": "p"}}},
        "ask": {"terminal": True},
    }
    assert EMPTY.document == {"version": 1}


names = st.text(alphabet="abAB09_-é /", max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
near = st.dictionaries(st.sampled_from(["version", "mcpServers", "grants", "ask", "x"]), json_values)


@given(st.binary(max_size=60) | near.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_settings_or_one_sentence(text: bytes) -> None:
    sentence = "settings.json:"
    try:
        parse(text, source="settings.json")
    except SettingsError as error:
        sentence = str(error)
    assert sentence.startswith("settings.json:")
    assert "\n" not in sentence


def test_an_edit_of_the_file_holds_from_the_next_look(profile: Profile) -> None:
    book = SettingsBook(profile)
    assert book.current() == EMPTY
    write_atomically(profile.settings, FULL.encode())
    assert book.current() == read(FULL)
    assert book.poll()
    assert not book.poll()


def test_a_broken_edit_leaves_the_last_good_settings(
    profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    write_atomically(profile.settings, FULL.encode())
    book = SettingsBook(profile)
    profile.settings.write_text("{")
    assert book.current() == read(FULL)
    assert not book.poll()
    assert book.problem.startswith(f"{profile.settings}:1:2: a key is missing")
    assert len(caplog.messages) == 1
    caplog.clear()


def test_a_removed_file_takes_everything_away(profile: Profile) -> None:
    write_atomically(profile.settings, FULL.encode())
    book = SettingsBook(profile)
    profile.settings.unlink()
    assert book.current() == EMPTY
    assert book.poll()
