"""The heart: what can happen in a community, in verbs. No SDK, no HTTP, no markup, no SQL.

A noun is a file beside this one, and its verbs are in it. Four nouns have rooms of their own, whose
`__init__.py` holds the verbs that the rest of the house asks for most:

    rosters/      the leaders' own list of addresses: read, compared, invited from, given out
    requests/     somebody without a code asks to be let in, and leaders decide
    members/      what leaders see and change of members, and how it is taken back
    households/   what members see and change of themselves and of whom they live with
"""
