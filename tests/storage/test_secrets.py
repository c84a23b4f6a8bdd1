"""The secrets of a profile in a real keyring: kept, read, locked, absent, slow."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from latchward.model.errors import SecretError
from latchward.model.secret import Secret
from latchward.storage import secret_service, secrets
from latchward.storage.paths import Profile
from latchward.storage.secrets import KeyringSecrets, service_of
from tests.support.keyring_fixtures import enter
from tests.support.keyring_session import PROMPTER, SECRETS, KeyringSession
from tests.support.waiting import wait_for

pytestmark = pytest.mark.desktop
SERVICE = "latchward:/a/profile"
T = TypeVar("T")


def on_loop(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(main, 30))


def put(name: str, value: str, service: str = SERVICE) -> None:
    on_loop(KeyringSecrets(service).put(name, value))


def get(*names: str, service: str = SERVICE, limit: float = secrets.LIMIT) -> dict[str, str]:
    found = on_loop(KeyringSecrets(service, limit).get(names))
    return {name: secret.reveal() for name, secret in found.items()}


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(SecretError) as error:
        ask()
    return str(error.value)


def askers() -> int:
    """How many threads ask a keyring now."""
    return sum(thread.name == "asks the keyring" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """With its session each thread ends that asks there."""
    yield
    wait_for(lambda: not askers(), "end of the threads")


# kept and read


def test_a_secret_that_was_kept_is_given(ring: KeyringSession) -> None:
    put("A", "first")
    put("B", "of another")
    assert get("A", "B", "A") == {"A": "first", "B": "of another"}


def test_a_secret_comes_as_a_secret(ring: KeyringSession) -> None:
    put("A", "first")
    assert on_loop(KeyringSecrets(SERVICE).get(["A"])) == {"A": Secret("first")}


def test_a_later_value_takes_the_place_of_an_earlier_one(ring: KeyringSession) -> None:
    put("A", "first")
    put("A", "second")
    assert get("A") == {"A": "second"}


@pytest.mark.parametrize("value", ["x" * 200_000, "ü€😀", " two lines\nand blanks ", "a"])
def test_any_text_is_given_back_as_it_was(ring: KeyringSession, value: str) -> None:
    put("A", value)
    assert get("A") == {"A": value}


def test_what_another_program_changes_holds_at_the_next_look(ring: KeyringSession) -> None:
    async def main() -> None:
        ours = KeyringSecrets(SERVICE)
        await ours.put("A", "first")
        assert (await ours.get(["A"]))["A"].reveal() == "first"
        await KeyringSecrets(SERVICE).put("A", "second")
        assert (await ours.get(["A"]))["A"].reveal() == "second"

    on_loop(main())


def test_a_secret_that_is_not_there_is_named_with_what_to_do(ring: KeyringSession) -> None:
    put("A", "first")
    said = refused(lambda: get("A", "GITHUB"))
    assert said == "the keyring holds no secret `GITHUB`; store it: `latchward secret set GITHUB`"


def test_a_secret_that_is_not_there_is_no_fault_of_the_keyring(ring: KeyringSession) -> None:
    async def main() -> str:
        ours = KeyringSecrets(SERVICE)
        with pytest.raises(SecretError):
            await ours.get(["GITHUB"])
        return ours.state

    assert on_loop(main()) == ""


def test_what_is_held_is_told_apart(ring: KeyringSession) -> None:
    put("A", "first")
    assert on_loop(KeyringSecrets(SERVICE).held(["A", "B"])) == {"A"}


def test_a_forgotten_secret_is_gone(ring: KeyringSession) -> None:
    put("A", "first")
    assert on_loop(KeyringSecrets(SERVICE).forget("A")) is True
    assert on_loop(KeyringSecrets(SERVICE).forget("A")) is False
    assert "`A`" in refused(lambda: get("A"))


def test_profiles_do_not_share_secrets(ring: KeyringSession) -> None:
    put("A", "of one", service="latchward:/one")
    put("A", "of the other", service="latchward:/other")
    assert get("A", service="latchward:/one") == {"A": "of one"}
    assert "`A`" in refused(lambda: get("A", service="latchward"))


def test_a_profile_of_its_own_folder_has_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert service_of(Profile.below(tmp_path / "home")) == f"latchward:{tmp_path}/home"
    assert service_of(Profile.below(tmp_path / "link")) == f"latchward:{tmp_path}/home"


def test_the_persons_own_profile_has_the_plain_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert service_of(Profile.home({"HOME": str(tmp_path)})) == "latchward"


def test_a_secret_stays_over_a_restart_of_the_keyring_and_is_not_in_clear_on_the_disk(
    ring: KeyringSession,
) -> None:
    put("A", "canary-3141592653")
    ring.stop_keyring()
    assert b"canary-3141592653" not in ring.stored
    ring.start_keyring()
    assert get("A") == {"A": "canary-3141592653"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("", "x", "cannot name a secret"),
        ("a b", "x", "`a b` cannot name a secret"),
        ("-a", "x", "cannot name a secret"),
        ("a" * 101, "x", "cannot name a secret"),
        ("A", "", "is empty"),
        ("A", "s3cr3t\0", "holds a NUL"),
        ("A", "s3cr3t\udc80", "is no text"),
        ("A", "s3cr3t" * 100_000, "has 600000 bytes; at most 262144"),
    ],
)
def test_what_no_server_could_be_given_is_refused_unshown(
    name: str, value: str, said: str, no_session: None
) -> None:
    sentence = refused(lambda: put(name, value))
    assert said in sentence
    assert "s3cr3t" not in sentence


def test_to_want_nothing_asks_nobody(no_session: None) -> None:
    assert get() == {}


# locked


def test_a_locked_keyring_that_can_ask_nobody_says_so(ring: KeyringSession) -> None:
    put("A", "first")
    ring.lock()
    assert refused(lambda: get("A")) == secrets.DISMISSED
    ring.unlock()
    assert get("A") == {"A": "first"}


def test_of_a_locked_keyring_it_is_not_said_that_it_holds_no_such_secret(ring: KeyringSession) -> None:
    ring.lock()
    assert refused(lambda: get("A")) == secrets.DISMISSED


def test_a_keyring_that_was_never_unlocked_says_so(ring: KeyringSession) -> None:
    put("A", "first")
    ring.stop_keyring()
    ring.start_keyring(unlocked=False)
    assert ring.locked
    assert refused(lambda: get("A")) == secrets.DISMISSED


def test_a_question_for_the_password_holds_nobody_up_longer_than_the_limit(ring: KeyringSession) -> None:
    put("A", "first")
    ring.lock()
    with ring.silent(PROMPTER):
        started = time.monotonic()
        assert refused(lambda: get("A", limit=1)) == secrets.LOCKED
        assert time.monotonic() - started < 3


def test_a_question_that_nobody_answers_ends_by_itself(
    ring: KeyringSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("A", "first")
    ring.lock()
    monkeypatch.setattr(secret_service, "PROMPT_LIMIT", 0.3)
    with ring.silent(PROMPTER):
        assert refused(lambda: get("A")) == secrets.LOCKED
        assert refused(lambda: put("A", "second")) == secrets.LOCKED


def test_an_open_question_keeps_no_process_from_ending(ring: KeyringSession) -> None:
    put("A", "first")
    ring.lock()
    program = (
        "import asyncio\n"
        "from latchward.storage.secrets import KeyringSecrets\n"
        f"asyncio.run(KeyringSecrets({SERVICE!r}, limit=3).get(['A']))"
    )
    with ring.silent(PROMPTER):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=10, check=False
        )
    assert secrets.LOCKED in done.stderr


def test_while_the_question_is_open_others_are_told_at_once_by_the_one_thread(
    ring: KeyringSession,
) -> None:
    put("A", "first")
    ring.lock()

    async def main() -> None:
        ours = KeyringSecrets(SERVICE, limit=1)
        with pytest.raises(SecretError):
            await ours.get(["A"])
        started = time.monotonic()
        for _ in range(20):
            with pytest.raises(SecretError, match=secrets.LOCKED):
                await ours.get(["A"])
        assert time.monotonic() - started < 0.8
        assert ours.state == secrets.LOCKED
        assert askers() == 1

    with ring.silent(PROMPTER):
        on_loop(main())


def test_those_who_wait_together_are_all_told_in_time(ring: KeyringSession) -> None:
    put("A", "first")
    ring.lock()

    async def main() -> list[object]:
        ours = KeyringSecrets(SERVICE, limit=1)
        waiting = [asyncio.ensure_future(ours.get(["A"])) for _ in range(5)]
        await asyncio.sleep(0)
        assert askers() == 1
        return await asyncio.gather(*waiting, return_exceptions=True)

    with ring.silent(PROMPTER):
        assert [str(said) for said in on_loop(main())] == [secrets.LOCKED] * 5


def test_one_no_of_the_person_answers_all_who_wait(ring: KeyringSession) -> None:
    ring.lock()

    async def main() -> list[object]:
        ours = KeyringSecrets(SERVICE)
        return await asyncio.gather(*(ours.get(["A"]) for _ in range(5)), return_exceptions=True)

    with ring.prompts() as prompts:
        assert [str(said) for said in on_loop(main())] == [secrets.DISMISSED] * 5
        assert prompts() == 1
        refused(lambda: get("A"))
        assert prompts() == 2


def test_when_the_keyring_is_unlocked_all_is_well_again_by_itself(
    ring: KeyringSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("A", "first")
    ring.lock()
    monkeypatch.setattr(secret_service, "PROMPT_LIMIT", 1.5)

    async def main() -> None:
        ours = KeyringSecrets(SERVICE, limit=1)
        with pytest.raises(SecretError):
            await ours.get(["A"])
        ring.unlock()
        async with asyncio.timeout(10):
            while askers():
                await asyncio.sleep(0.01)
        assert (await ours.get(["A"]))["A"].reveal() == "first"
        assert ours.state == ""

    with ring.silent(PROMPTER):
        on_loop(main())


def test_who_gives_up_waiting_leaves_the_keyring_usable(ring: KeyringSession) -> None:
    put("A", "first")

    async def main() -> None:
        ours = KeyringSecrets(SERVICE)
        waiting = asyncio.ensure_future(ours.get(["A"]))
        await asyncio.sleep(0)
        waiting.cancel()
        assert (await ours.get(["A"]))["A"].reveal() == "first"

    on_loop(main())


def test_a_look_at_a_locked_keyring_asks_the_person_nothing(ring: KeyringSession) -> None:
    put("A", "first")
    ring.lock()

    async def main() -> None:
        ours = KeyringSecrets(SERVICE, limit=5)
        assert await ours.check() == secrets.LOCKED
        async with asyncio.timeout(10):  # far less than a question would stay open
            while askers():
                await asyncio.sleep(0.01)
        ring.unlock()
        assert await ours.check() == ""

    with ring.silent(PROMPTER):
        on_loop(main())


def test_where_there_is_no_keyring_yet_nothing_is_in_it_and_none_is_made_unasked(
    bare_session: KeyringSession,
) -> None:
    bare_session.start_keyring(unlocked=False)
    assert "holds no secret `A`" in refused(lambda: get("A"))
    assert on_loop(KeyringSecrets(SERVICE).forget("A")) is False
    assert on_loop(KeyringSecrets(SERVICE).check()) == ""
    assert refused(lambda: put("A", "first")) == secrets.DISMISSED


def test_the_question_for_the_password_of_a_new_keyring_holds_nobody_up(bare_session: KeyringSession) -> None:
    bare_session.start_keyring(unlocked=False)
    with bare_session.silent(PROMPTER):
        assert refused(lambda: on_loop(KeyringSecrets(SERVICE, 1).put("A", "first"))) == secrets.LOCKED


# absent, denied, slow


def test_a_session_without_a_keyring_says_so(bare_session: KeyringSession) -> None:
    assert refused(lambda: get("A")) == secrets.ABSENT
    assert refused(lambda: put("A", "first")) == secrets.ABSENT
    assert on_loop(KeyringSecrets(SERVICE).check()) == secrets.ABSENT


def test_a_keyring_that_does_not_start_is_as_good_as_none(bare_session: KeyringSession) -> None:
    with KeyringSession() as session, pytest.MonkeyPatch.context() as patch:
        session.offer(SECRETS, "/bin/false")
        enter(session, patch)
        assert refused(lambda: get("A")) == secrets.ABSENT


def test_without_a_session_that_is_said(no_session: None) -> None:
    assert refused(lambda: get("A")) == secrets.NO_BUS
    assert on_loop(KeyringSecrets(SERVICE).check()) == secrets.NO_BUS


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "tcp:host=localhost,port=1", "rubbish"])
def test_a_session_that_cannot_be_reached_is_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    assert refused(lambda: get("A")) == secrets.NO_BUS


def test_a_keyring_that_does_not_let_us_in_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    with KeyringSession(policy=f'<deny send_destination="{SECRETS}"/>') as session:
        enter(session, monkeypatch)
        session.start_keyring()
        assert refused(lambda: get("A")) == secrets.DENIED


def test_a_keyring_that_does_not_answer_is_given_up(bare_session: KeyringSession) -> None:
    with bare_session.silent(SECRETS):
        assert refused(lambda: get("A", limit=1)) == secrets.SLOW


def test_a_keyring_that_does_not_answer_is_given_up_by_the_thread_too(
    bare_session: KeyringSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_service, "PROMPT_LIMIT", 0.3)
    with bare_session.silent(SECRETS):
        assert refused(lambda: get("A")) == secrets.SLOW


def test_a_keyring_that_comes_back_is_used_again(ring: KeyringSession) -> None:
    put("A", "first")

    async def main() -> None:
        ours = KeyringSecrets(SERVICE)
        ring.stop_keyring()
        with pytest.raises(SecretError):
            await ours.get(["A"])
        assert ours.state == secrets.ABSENT
        ring.start_keyring()
        assert (await ours.get(["A"]))["A"].reveal() == "first"
        assert ours.state == ""

    on_loop(main())


# never in clear

PLAIN = """
from pathlib import Path
from keyring.backend import KeyringBackend

class PlaintextKeyring(KeyringBackend):
    priority = 100
    file = Path({file!r})
    def get_password(self, service, username):
        return "from the file"
    def set_password(self, service, username, password):
        self.file.write_text(password)
    def delete_password(self, service, username):
        self.file.unlink()
"""


def test_no_package_variable_or_setting_leads_to_a_keyring_in_clear(
    bare_session: KeyringSession, tmp_path: Path
) -> None:
    file = tmp_path / "in-clear"
    packages = tmp_path / "packages"
    (packages / "alt-1.dist-info").mkdir(parents=True)
    (packages / "alt.py").write_text(PLAIN.format(file=str(file)))
    (packages / "alt-1.dist-info/METADATA").write_text("Name: alt\nVersion: 1\n")
    (packages / "alt-1.dist-info/entry_points.txt").write_text("[keyring.backends]\nalt = alt\n")
    for place in (".config/python_keyring", ".local/share/python_keyring"):
        config = bare_session.root / "home" / place / "keyringrc.cfg"
        config.parent.mkdir(parents=True)
        config.write_text("[backend]\ndefault-keyring=alt.PlaintextKeyring\n")
    env = bare_session.env | {
        "PYTHONPATH": f"{Path(secrets.__file__).parents[2]}:{packages}",
        "PYTHON_KEYRING_BACKEND": "alt.PlaintextKeyring",
    }

    def run(program: str) -> str:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout + done.stderr

    control = run("import keyring; keyring.set_password('s', 'n', 'v'); print(keyring.get_keyring())")
    assert "PlaintextKeyring" in control  # the trap is set
    assert file.exists()
    file.unlink()
    ours = run(
        "import asyncio\n"
        "from latchward.storage.secrets import KeyringSecrets\n"
        "asyncio.run(KeyringSecrets('s').put('n', 'v'))"
    )
    assert secrets.ABSENT in ours
    assert not file.exists()
    assert secrets.ABSENT in run(
        "import asyncio\n"
        "from latchward.storage.secrets import KeyringSecrets\n"
        "asyncio.run(KeyringSecrets('s').get(['n']))"
    )


def test_the_library_is_imported_at_the_first_use_alone() -> None:
    program = (
        "import sys, latchward.daemon.assembly\n"
        "print([name for name in ('keyring', 'secretstorage', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "[]\n"
