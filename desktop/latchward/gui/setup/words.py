"""What the first run says, in plain English. No Qt."""

from collections.abc import Mapping
from typing import Final

from latchward.gui.tokens import Look

TITLE: Final = "Set up Latchward"
STAGES: Final = ("What was found", "What they may do", "See it happen")

# Step 1

LOOKING: Final = "Looking at what your AI clients use…"
GIVEN_BACK: Final = "Their files can be given back at any time, byte for byte."
YES_PROGRAM: Final = (
    "Protecting starts these programs now, under your account. From then on Latchward runs them, not your "
    "apps. A server is a program that can read and change whatever you can: untick what you do not know."
)
YES_ADDRESS: Final = "A server at a URL is told what agents ask of it."
DISGUISED: Final = (
    "This line may be disguised: it holds characters that cannot be seen or that turn the text around. "
    "They are spelled out in it."
)
TAKE_ANYWAY: Final = (
    "The line holds characters that hide what it says. Nobody needs them in a command. "
    "Take it in only if you know who put them there, and why."
)
NOT_FIXED: Final = "No fixed version"
CHANGED: Final = "What was found or ticked changed meanwhile, so nothing was done: look at it again."
TICK_FIRST: Final = "Tick a server first"
KEEPS: Final = "Stays as it is"

NONE_OFFERED: Final = "None of these servers can be taken in"
NONE_OFFERED_WHY: Final = "Each line says why. They work as before, without Latchward."
NOTHING_USED: Final = "Your AI clients use no servers yet"
NOTHING_USED_NEXT: Final = (
    "Add a server to Latchward, and every client that you connect can use it, under your rules. "
    "Servers that you give a client later show up here by themselves."
)
NO_CLIENT: Final = "No AI client was found"
NO_CLIENT_NEXT: Final = "When you install one, it shows up here by itself. You can add a server before that."
ALL_TAKEN: Final = "Every server is behind Latchward"
ALL_TAKEN_NEXT: Final = "There is nothing left to take in. See the first calls come through, or add a server."

# While they are taken in

MAY_CLOSE: Final = "You may close this window: it goes on, and you find it here again."
NONE_TAKEN: Final = "Nothing was taken in"
STEPS: Final[Mapping[str, Look]] = {
    "waiting": Look("Waiting", "clock", "quiet"),
    "starting": Look("Starting", "start", "info"),
    "moved": Look("Protected", "check", "good"),
    "left": Look("Left as it was", "warning", "caution"),
}
STEP_TEXTS: Final[Mapping[str, str]] = {
    "waiting": "",
    "starting": "It is started once, to see its tools.",
    "moved": "Its clients reach it through Latchward now.",
    "left": "It did not answer, so nothing of it was changed.",
}

# Step 2

CHOOSE_ABOUT: Final = "One choice for all of them. You can change each tool later under Tools."
UNTIL_THEN: Final = "Until you choose, you are asked about each call."
DECIDE_LATER: Final = "Decide later"
LATER: Final = "Decide later: until then every call is asked."
NO_TOOLS: Final = "Its tools are not known yet: you are asked about each call"
NO_SERVERS: Final = "There is nothing to choose yet"
NO_SERVERS_NEXT: Final = "Servers that you take in come here, with everything that their tools could do."

# Step 3

WAITS: Final = "Waiting for the first call"
WAITS_NEXT: Final = "Let each client below notice the change, then ask it for something that needs a tool."
WAITS_NO_CLIENT: Final = (
    "No client reaches Latchward yet. Take its servers in first, or connect it under Clients."
)
REFUSED: Final = "The first call came, and was refused"
NO_RESTART: Final = "It notices by itself."
VERDICTS: Final[Mapping[str, Look]] = {
    "allowed": Look("Allowed", "check", "good"),
    "refused": Look("Refused", "deny", "firm"),
}
SILENT: Final = Look("No call yet", "clock", "quiet")
CAME: Final = Look("Came through", "check", "good")

MOMENT: Final = "a moment…"
MOMENT_WHY: Final = "Off for a moment, so that no press that was meant for something else lets it in."

# Undo

UNDO: Final = "Undo everything…"
UNDO_TITLE: Final = "Give the files back"
UNDO_ABOUT: Final = (
    "The clients then start their servers themselves again, without Latchward. "
    "Secrets that stood in these files stand there again. "
    "Servers that only these clients had leave Latchward, and their secrets leave the keyring; policies stay."
)
UNDO_DO: Final = "Give the files back"
UNDO_KEEP: Final = "Keep Latchward"
NOT_ALL: Final = "Not all of it was undone."
UNDONE: Final = "The files are as they were before. Restart your clients for them to notice."

PREVIEW: Final = "What would change"
PREVIEW_ABOUT: Final = "Nothing is written until you press Protect. Secrets are not shown."
DOING: Final = "One moment: the files are being written…"
ASKING: Final = "Asking the gateway…"
LOST: Final = "The gateway is gone, so nothing more can be done here. What you see is old."
