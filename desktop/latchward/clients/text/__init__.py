"""Documents as text: what is to change changes, and every other byte stays.

    edits       nouns: what a client can read, one edit
    editing     parse, source_of, edit; reads every result again before it is given out
    faults      bytes as text; the sentences with line and column
    braces      a map in braces: what goes in and out with a member
    jsons, json_edits
                JSON: what it means and where its members stand; its edits
    tomls, toml_edits
                the same of TOML: statements of whole lines, and what is in braces
    toml_lines, toml_kept, toml_written
                which lines go out and in; lines that are put back; values as TOML

An edit is a list of splices, so what it does not name cannot change. Nothing in here does I/O.
"""

from .editing import edit, parse, source_of
from .edits import At, Dialect, Edit, Put, PutText, Remove

__all__ = ["At", "Dialect", "Edit", "Put", "PutText", "Remove", "edit", "parse", "source_of"]
