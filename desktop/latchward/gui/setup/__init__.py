"""The first run: servers that AI clients use without us are taken in, get their rules, and are seen to work.

Three steps, each of which can be skipped and taken back; `SetupDialog` may be closed at any time, for what it
began goes on in the gateway, and it shows where that stands when it is opened again.

    words      what is said, in plain English; no Qt
    present    what was found, counted and put into sentences; no Qt
    picks      what the person ticked and typed, and why a server cannot be taken; no Qt
    plans      asks the gateway what files would become
    adopting   takes the ticked servers in, as was shown
    saving     saves a preset for all of them
    undoing    gives the files back
    stages     where in the three steps one is; the sign that something is under way
    found_row  one server that was found
    found      step 1: what was found, and what a yes means
    taking     step 1, once it began: how far each server has come
    choose     step 2: one preset for all servers that were taken in
    seen       step 3: programs that come in for the first time, and the first calls
    held       one program that comes in for the first time
    files      what files would become, before they are written
    footer     the buttons below every step
    dialog     puts them together and talks with the gateway
"""
