"""Read from the source: who makes the proof that a call may be sent, and who must spend it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import latchward
from latchward.model.allow import Allow, mint_allow
from latchward.model.errors import NotSent, Withdrawn

ROOT = Path(latchward.__file__).parent
MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in ROOT.rglob("*.py")
}
UPSTREAM = {name: tree for name, tree in MODULES.items() if name.startswith("upstream/")}
WRITES = {
    "write",
    "_write",
    "send",
    "_send",
    "post",
    "_post",
    "request",
    "stream",
    "open",
    "connect",
    "sendall",
    "_exchange",
}
PROOF = ("allow", "spend")
"""What a proof is called, and one of its ways to be spent."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def users(name: str) -> set[str]:
    """The modules in which this name stands anywhere, as a name, an attribute or an import."""
    return {
        module
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if name in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "name", None))
    }


def takers() -> Iterator[tuple[str, Function]]:
    """Every function of the client edge that is given an `Allow`, or the way to spend one."""
    for module, tree in UPSTREAM.items():
        for node in ast.walk(tree):
            if (
                isinstance(node, Function)
                and not is_promise(node)
                and any(
                    argument.arg == "spend"
                    or (isinstance(argument.annotation, ast.Name) and argument.annotation.id == "Allow")
                    for argument in [*node.args.args, *node.args.kwonlyargs]
                )
            ):
                yield module, node


def is_promise(function: Function) -> bool:
    """Whether the function only says what others do: nothing but a docstring or `...` is in it."""
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in function.body)


def calls(function: Function) -> list[ast.Call]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Call)]


def spends(call: ast.Call) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr in ("spend", "spend_again", "spend_round"))
        or (isinstance(node, ast.Name) and node.id == "spend")
        for node in ast.walk(call.func)
    )


def hands_on(call: ast.Call) -> bool:
    """Whether the proof itself is among the arguments, or bound into a function that is."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(value, ast.Name) and value.id in PROOF for value in given)


def test_only_the_enforcement_makes_the_proof() -> None:
    assert users("mint_allow") == {"model/allow.py", "gateway/enforce.py"}


def test_the_mint_is_known_to_its_own_module_alone() -> None:
    assert users("_MINT") == {"model/allow.py"}


def test_the_enforcement_makes_it_in_one_place_after_the_row_was_written() -> None:
    tree = MODULES["gateway/enforce.py"]
    made = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "mint_allow"
    ]
    [function] = [node for node in ast.walk(tree) if isinstance(node, Function) and made[0] in ast.walk(node)]
    recorded = [call.lineno for call in calls(function) if ast.unparse(call.func) == "self._recorded"]
    assert len(made) == len(recorded) == 1
    assert recorded[0] < made[0].lineno


def test_nobody_looks_inside_a_proof() -> None:
    for private in ("_spent", "_spent_again", "_rounds", "_digest", "_holds"):
        foreign = users(private) - {"model/allow.py"}
        assert not {module for module in foreign if module.startswith("upstream/")}


@pytest.mark.parametrize(
    ("module", "function"), [pytest.param(*found, id=f"{found[0]}:{found[1].name}") for found in takers()]
)
def test_whoever_takes_a_proof_spends_it_before_writing_or_hands_it_on(
    module: str, function: Function
) -> None:
    made = calls(function)
    spent = [call.lineno for call in made if spends(call)]
    if not spent:
        assert any(hands_on(call) for call in made)
        return
    written = [
        call.lineno
        for call in made
        if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES and not hands_on(call)
    ]
    assert all(min(spent) <= line for line in written)


def test_the_bytes_of_a_call_are_made_for_those_alone_who_take_a_proof() -> None:
    """What was judged is read in one function; whoever uses it has a proof in its hands."""
    makers = {
        function.name
        for tree in UPSTREAM.values()
        for function in ast.walk(tree)
        if isinstance(function, Function)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "payload"
    }
    assert len(makers) == 1
    [maker] = makers
    using = {
        (module, function.name)
        for module, tree in UPSTREAM.items()
        for function in ast.walk(tree)
        if isinstance(function, Function)
        and any(ast.unparse(call.func).endswith(maker) for call in calls(function))
    }
    assert using
    assert using <= {(module, function.name) for module, function in takers()}


# the proof itself


def proof(*, holds: bool = True) -> Allow:
    return mint_allow(digest="d", revision="r", row=1, holds=lambda: holds)


def test_a_proof_is_not_made_without_the_mint() -> None:
    with pytest.raises(TypeError):
        Allow(object(), digest="d", revision="r", row=1, holds=lambda: True)


@pytest.mark.parametrize("row", [0, -1])
def test_a_proof_is_not_made_without_a_row(row: int) -> None:
    with pytest.raises(ValueError, match="audit row"):
        mint_allow(digest="d", revision="r", row=row, holds=lambda: True)


def test_a_proof_is_spent_once() -> None:
    allow = proof()
    allow.spend("d")
    with pytest.raises(NotSent):
        allow.spend("d")


def test_a_proof_is_for_one_call() -> None:
    with pytest.raises(NotSent):
        proof().spend("another")


def test_a_proof_does_not_outlive_what_was_judged() -> None:
    with pytest.raises(Withdrawn):
        proof(holds=False).spend("d")


def test_a_proof_that_did_not_hold_is_spent_all_the_same() -> None:
    answers = iter([False, True])
    allow = mint_allow(digest="d", revision="r", row=1, holds=lambda: next(answers))
    with pytest.raises(Withdrawn):
        allow.spend("d")
    with pytest.raises(NotSent):
        allow.spend("d")
