"""Everything that agents can do, on one page, the riskiest first.

    rows      a tool, its decision, the clients for whom it is so; filtering, sorting, counting; no Qt
    words     all of it in plain English; no Qt
    export    the rows as CSV, JSON or Markdown; no Qt
    model     the rows as a Qt model that holds the visible ones itself
    delegate  paints a cell
    table     the view: keys, columns, a selection that outlives a reset
    filters   the search field and the choices beside it
    page      puts them together

What clients reach without Latchward stands first: its tools are unknown, and nobody decides about them.
"""
