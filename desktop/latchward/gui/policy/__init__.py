"""The builder: what each tool of each server may do, chosen with a click and saved after a look.

    words      effects, risks and changes in plain English; no Qt
    presets    what Recommended, Read only and Ask for everything would set; no Qt
    draft      the chosen effects that are not saved yet, with undo, redo and rebase; no Qt
    rows       which tools are shown, in which order; no Qt
    model      rows as a Qt item model; it holds the visible subset itself
    segments   pictures of the control Allow | Ask | Deny | Hide and of the badges, cached
    delegate   paints a row, and turns a click or a key into a choice
    tree       the view: keys, selection by name
    filters    the search field and the choices beside it
    marking    the words that differ between two definitions; no Qt
    definition a definition that waits, and its acceptance
    side       the panel for the selected tool, tools or server
    moves      the changes of a preview, those that open first; no Qt
    move_table shows them in three columns
    review     what saving would change, in words and as JSON, before it is saved
    page       puts them together and talks with the gateway

A choice lives in the draft alone until the gateway answers `Save` with `Done`.
"""
