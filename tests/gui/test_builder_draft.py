"""The draft: choosing, undoing, rebasing, presets. No Qt."""

from collections.abc import Callable

import msgspec
import pytest

from latchward.control.messages import EffectWord, ServerView
from latchward.gui.policy import presets
from latchward.gui.policy.draft import Draft
from tests.gui.builder_support import FILES, GIT, server, tool

F, G = ("files", "files"), ("git", "git")


def draft_of(*servers: ServerView) -> Draft:
    draft = Draft()
    draft.take(servers or (FILES, GIT))
    return draft


def shown(draft: Draft, key: tuple[str, str], name: str) -> EffectWord:
    found = draft.tool((key, name))
    assert found is not None
    return draft.effect(key, found)


def with_effect(view: ServerView, name: str, effect: EffectWord, revision: str) -> ServerView:
    tools = tuple(
        msgspec.structs.replace(one, effect=effect) if one.name == name else one for one in view.tools
    )
    return msgspec.structs.replace(view, tools=tools, revision=revision)


def test_fresh_draft_shows_what_is_in_force() -> None:
    draft = draft_of()
    assert (shown(draft, F, "read_file"), draft.count, draft.undo_words) == ("allow", 0, "")


def test_choice_is_shown_and_counted() -> None:
    draft = draft_of()
    assert draft.set([(F, "write_file")], "deny") == 1
    assert (shown(draft, F, "write_file"), draft.count, draft.changes(F)) == (
        "deny",
        1,
        {"write_file": "deny"},
    )


def test_choosing_what_is_in_force_is_no_change() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    draft.set([(F, "write_file")], "approve")
    assert draft.count == 0


def test_choice_without_effect_is_no_step() -> None:
    draft = draft_of()
    assert draft.set([(F, "read_file")], "allow") == 0
    assert draft.undo_words == ""


def test_fixed_tool_is_never_changed() -> None:
    draft = draft_of(server("files", tool("a", fixed="the rule `*` says so"), tool("b")))
    assert draft.set([(F, "a"), (F, "b")], "deny") == 1
    assert draft.changes(F) == {"b": "deny"}


def test_bulk_change_over_servers_is_one_step() -> None:
    draft = draft_of()
    draft.set([(F, "write_file"), (F, "move_file"), (G, "git_commit")], "deny")
    assert draft.count == 3
    draft.undo()
    assert draft.count == 0


Act = Callable[[Draft], object]
DENY: Act = lambda draft: draft.set([(F, "write_file")], "deny")  # noqa: E731
HIDE: Act = lambda draft: draft.set([(F, "write_file")], "hide")  # noqa: E731
UNDO: Act = lambda draft: draft.undo()  # noqa: E731
REDO: Act = lambda draft: draft.redo()  # noqa: E731
DISCARD: Act = lambda draft: draft.discard()  # noqa: E731


@pytest.mark.parametrize(
    ("acts", "effect"),
    [
        ([DENY], "deny"),
        ([DENY, UNDO], "approve"),
        ([DENY, UNDO, REDO], "deny"),
        ([DENY, HIDE, UNDO], "deny"),
        ([DENY, HIDE, UNDO, UNDO], "approve"),
        ([DENY, HIDE, UNDO, UNDO, REDO, REDO], "hide"),
        ([DENY, UNDO, HIDE, REDO], "hide"),
        ([DENY, DISCARD], "approve"),
        ([DENY, DISCARD, UNDO], "deny"),
        ([DENY, DISCARD, UNDO, REDO], "approve"),
        ([UNDO, REDO, DISCARD], "approve"),
    ],
)
def test_undo_and_redo_walk_the_steps(acts: list[Act], effect: EffectWord) -> None:
    draft = draft_of()
    for act in acts:
        act(draft)
    assert shown(draft, F, "write_file") == effect


def test_saved_change_is_in_force_and_no_longer_counted() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    draft.saved(draft.save(F, 1))
    assert (draft.count, shown(draft, F, "write_file")) == (0, "deny")


def test_undo_after_saving_is_an_unsaved_change() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    draft.saved(draft.save(F, 1))
    draft.undo()
    assert (draft.changes(F), draft.count) == ({"write_file": "approve"}, 1)


def test_change_made_while_saving_is_not_lost() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    sent = draft.save(F, 1)
    draft.set([(F, "move_file")], "hide")
    draft.saved(sent)
    assert draft.changes(F) == {"move_file": "hide"}


def test_save_names_the_revision_that_was_seen() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    sent = draft.save(F, 7)
    assert (sent.serial, sent.server, sent.policy, sent.revision) == (7, "files", "files", "r1")
    assert (sent.effects, sent.preset) == ({"write_file": "deny"}, "")


def test_new_revision_keeps_changes_by_name_and_says_so() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    told = draft.take((with_effect(FILES, "move_file", "allow", "r2"), GIT))
    assert draft.changes(F) == {"write_file": "deny"}
    assert [one.sentence for one in told] == [
        "The policy of files was changed elsewhere. Your 1 unsaved change was kept."
    ]


def test_new_revision_that_agrees_settles_the_change_in_silence() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    assert draft.take((with_effect(FILES, "write_file", "deny", "r2"), GIT)) == ()
    assert draft.count == 0


def test_change_of_a_tool_that_is_gone_is_dropped_by_name() -> None:
    draft = draft_of()
    draft.set([(F, "write_file"), (F, "move_file")], "deny")
    fewer = msgspec.structs.replace(FILES, tools=FILES.tools[:2], revision="r2")
    (told,) = draft.take((fewer, GIT))
    assert (told.kept, told.dropped) == (1, ("move_file",))
    assert "move_file" in told.sentence


def test_same_state_told_again_says_nothing() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    assert draft.take((FILES, GIT)) == ()


def test_changes_of_a_removed_server_are_dropped() -> None:
    draft = draft_of()
    draft.set([(F, "write_file")], "deny")
    assert [one.sentence for one in draft.take((GIT,))] == [
        "files is gone, and 1 unsaved change of it with it."
    ]
    assert draft.count == 0
    draft.undo()
    assert draft.count == 0


@pytest.mark.parametrize(
    ("preset", "effects"),
    [
        (presets.RECOMMENDED, ["allow", "approve", "approve", "hide"]),
        (presets.READ_ONLY, ["allow", "deny", "deny", "deny"]),
        (presets.ASK, ["approve"] * 4),
    ],
)
def test_preset_shows_what_it_would_set(preset: str, effects: list[EffectWord]) -> None:
    draft = draft_of()
    draft.apply(F, preset)
    assert [shown(draft, F, one.name) for one in FILES.tools] == effects


def test_read_only_denies_a_reader_of_secrets() -> None:
    assert presets.effect(presets.READ_ONLY, tool("get_env", severity="High")) == "deny"


def test_limit_is_recommended_as_allow() -> None:
    assert presets.recommended(tool("write_file", "Write", recommended="limit")) == "allow"


def test_unknown_recommendation_asks() -> None:
    assert presets.recommended(tool("x", recommended="celebrate")) == "approve"


def test_preview_of_a_preset_changes_nothing() -> None:
    draft = draft_of()
    assert draft.would(F, presets.READ_ONLY) == {
        "write_file": ("approve", "deny"),
        "move_file": ("approve", "deny"),
        "delete_file": ("hide", "deny"),
    }
    assert draft.count == 0


def test_preset_goes_out_with_every_tool_that_differs_from_it() -> None:
    draft = draft_of()
    draft.apply(F, presets.READ_ONLY)
    draft.set([(F, "write_file")], "approve")
    sent = draft.save(F, 1)
    assert sent.preset == presets.READ_ONLY
    assert sent.effects == {"write_file": "approve", "move_file": "deny", "delete_file": "deny"}


def test_preset_does_not_reach_a_fixed_tool() -> None:
    draft = draft_of(server("files", tool("a", "Write", "hide", fixed="the rule `*` says so")))
    draft.apply(F, presets.ASK)
    assert draft.save(F, 1).effects == {"a": "hide"}


def test_preset_is_undone_as_one_step() -> None:
    draft = draft_of()
    draft.apply(F, presets.ASK)
    draft.undo()
    assert (draft.preset(F), draft.count) == ("", 0)


def test_preset_that_only_adds_rates_is_a_change() -> None:
    draft = draft_of(server("files", tool("a", effect="allow", recommended="limit")))
    draft.apply(F, presets.RECOMMENDED)
    assert (draft.count, draft.changed()) == (1, (F,))


def test_preset_reaches_a_tool_that_came_meanwhile() -> None:
    draft = draft_of()
    draft.apply(F, presets.READ_ONLY)
    draft.take((msgspec.structs.replace(FILES, tools=(*FILES.tools, tool("chmod", "Write"))), GIT))
    assert shown(draft, F, "chmod") == "deny"
