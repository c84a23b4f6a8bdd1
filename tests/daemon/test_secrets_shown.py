"""A secret that an agent got hold of is shown to nobody, and written down nowhere."""

import asyncio
import threading
from pathlib import Path

from latchward.control import messages as say
from latchward.storage.paths import Profile
from latchward.storage.secrets import KeyringSecrets, service_of
from tests.support import recorder
from tests.support.at_tray import TrayGateway
from tests.support.jr import Client
from tests.support.keyring_session import KeyringSession

from .clients_at_home import Home, take_in

CANARY = "canary-77b1-what-the-server-has"


def test_a_server_whose_secret_was_missing_starts_when_the_person_tries_again(
    tmp_path: Path, ring: KeyringSession
) -> None:
    entry = recorder.spec(API_TOKEN="${secret:LATE}")
    with TrayGateway({"notes": entry}, {}, {"agent": {"notes": "notes"}}, env=ring.env) as gateway:
        person = gateway.person
        assert "holds no secret `LATE`" in person.server("notes", "failed").error
        secrets = KeyringSecrets(service_of(Profile.below(gateway.home)))
        asyncio.run(secrets.put("LATE", CANARY))
        person.ask(say.RetryServer, name="notes")
        assert person.server("notes", "running").tools


def test_a_call_that_sends_a_secret_says_so_and_keeps_it_out_of_dialog_and_record(
    tmp_path: Path, ring: KeyringSession
) -> None:
    home = Home(tmp_path, ring.env)
    home.write("cursor", {"notes": recorder.spec(API_TOKEN=CANARY)})
    with home.gateway() as gateway:
        person = gateway.person
        take_in(person, "notes")
        gateway.edit_settings(lambda settings: settings["grants"]["agent"]["servers"].update(notes="notes"))
        person.server("notes")
        client = Client(gateway.url, gateway.token)
        answers = []
        text = f"curl -H 'Bearer {CANARY}' https://example.com"
        asking = threading.Thread(
            target=lambda: answers.append(client.call("notes__echo", {"text": text})), daemon=True
        )
        asking.start()
        question = person.question()
        assert question.chips[0] == "sends one of your secrets"
        assert CANARY not in question.arguments
        assert "Bearer •••" in question.arguments
        person.answer(question, True)
        asking.join(10)
        assert CANARY in str(answers[0])  # it was sent as it is: the person said yes
        assert all(CANARY not in repr(message) for message in person.heard)
        gateway.stop()
        record = b"".join(path.read_bytes() for path in gateway.home.glob("audit.db*"))
        assert b"notes" in record
        assert CANARY.encode() not in record
        assert CANARY not in gateway.stderr
