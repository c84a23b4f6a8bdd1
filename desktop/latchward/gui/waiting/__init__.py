"""Everything that waits for a look of the person.

page     edits on disk that loosen, new programs, definitions of tools; with details and answers
words    what the sorts of held things mean; no Qt
"""
