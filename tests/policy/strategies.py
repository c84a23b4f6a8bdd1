"""Random documents and calls over a small vocabulary, so that they often speak of one another."""

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "ab", "ba", "abc"])
KEYS = st.sampled_from(["a", "b", "ab", "abc", "a*", "*b", "?", "a?", "*", "**", "*b*"])
PATHS = st.sampled_from(
    [
        "args.x",
        "args.y",
        "args.x.y",
        "args.x[*]",
        "args.x[*].y",
        "args.x.length",
        "args.length",
        "args.x[*].y[*]",
    ]
)
SCALARS: st.SearchStrategy[Any] = st.sampled_from([0, 1, 2, -1, True, False, None, "", "a", "ab", "1"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "length"]), inner, max_size=2)
    ),
    max_leaves=5,
)
ARGUMENTS = st.dictionaries(st.sampled_from(["x", "y", "length"]), VALUES, max_size=3)


def predicate(op: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"path": PATHS, "op": st.just(op), "value": value})


PREDICATES = st.one_of(
    *(predicate(op, VALUES) for op in ("eq", "neq", "contains")),
    *(predicate(op, st.lists(VALUES, max_size=3)) for op in ("in", "not_in")),
    *(predicate(op, st.sampled_from([0, 1, 2])) for op in ("lt", "lte", "gt", "gte")),
    predicate("exists", st.booleans()),
    predicate("starts_with", st.sampled_from(["", "a", "1"])),
)
CLAUSE = st.lists(PREDICATES, max_size=2)


def limit(counter: str) -> st.SearchStrategy[dict[str, Any]]:
    common = {
        "counter": st.just(counter),
        "window": st.sampled_from(["minute", "day", 60]),
        "max": st.integers(0, 3),
    }
    asks = {"on_exceed": st.sampled_from(["deny", "approve"])}
    fixed = st.fixed_dictionaries(common, optional={**asks, "increment": st.integers(1, 3)})
    return fixed | st.fixed_dictionaries(
        {**common, "increment_from": PATHS.filter(lambda p: "*" not in p)}, optional=asks
    )


LIMITS: st.SearchStrategy[list[dict[str, Any]]] = (
    st.tuples(limit("c"), limit("d")).map(list) | st.builds(list) | limit("c").map(lambda one: [one])
)
RATE = st.fixed_dictionaries({"max": st.integers(0, 3), "window": st.sampled_from(["hour", 30])})


def entries(actions: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "action": st.sampled_from(actions),
            "require": CLAUSE,
            "deny_if": CLAUSE,
            "approve_if": CLAUSE,
            "limits": LIMITS,
            "rate_limit": RATE,
        },
    )


DOCUMENTS = st.fixed_dictionaries(
    {"version": st.just("1")},
    optional={
        "default": st.sampled_from(["allow", "deny", "approve"]),
        "hide": st.lists(KEYS.filter(lambda key: key.strip("*") != ""), max_size=1),
        "all_tools": entries(["allow", "deny", "approve"]),
        "tools": st.dictionaries(KEYS, entries(["allow", "allow", "approve", "deny", "hide"]), max_size=4),
    },
)
