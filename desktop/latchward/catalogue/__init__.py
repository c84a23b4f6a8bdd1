"""What a tool may do at worst, from its definition alone. Values in, values out.

    definition --facts--> Facts --category--> Finding --severity--> Risk --+--> policy_for
                                                                           +--> presets
                                                                           +--> chips

    Facts      a definition as words, parameters and hints, each with its place; bounded
    Deed       what a name or a description says is done: a verb, its objects, the words quoted
    Choice     one thing that a tool can be told to do with an argument
    Finding    the category so far, and why
    Risk       the result (`model/risk.py`)
    policy_for the document recommended for one tool; presets for all tools of a server; chips for a question

Each knows only those below it:

    requests   what is no call of a tool: prompts, resources, other methods, what a server asks
    classify   the door: `classify(definition)`; annotations raise, and never lower
    category   the steps in their order: name, text, what makes it milder, what makes it worse
    severity   how far the harm reaches
    harmless   deeds that are milder than their verb
    code       tools that run what they are given
    money      tools that move or commit money
    finding    Finding, Heard
    actions    what an argument can choose
    speech     the deed in a name, a title, a description
    facts      the definition, read
    lexicon    the word lists of resources/catalogue
    words      folding and splitting of foreign text

A name decides before a description, for a person sees it and a policy names it; of two readings the riskier
wins. A description that tells its reader what to think, or hides characters, is believed only where it makes
a tool riskier.
"""
