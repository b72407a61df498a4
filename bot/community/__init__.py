"""The heart: what can happen in a community, in verbs. No SDK, no HTTP, no markup, no SQL.

A noun is a file beside this one, and its verbs are in it. Those with much to them have rooms of
their own, whose `__init__.py` holds the verbs that the rest of the house asks for most:

    communities/  the community itself: founded, named, given words and a logo
    leaders/      who leads it, who owns it, how somebody comes to lead and goes
    invitations/  a paste is judged and kept, people are invited, and what is done with each after
    limits/       how much may go out in a day, when, and how soon again
    postman/      jobs are done and letters carried; what became of them is written down and told
    receipts/     the leader's own message of what became of what they asked for
    requests/     somebody without a code asks to be let in, and leaders decide
    members/      what leaders see and change of members, and how it is taken back
    households/   what members see and change of themselves and of whom they live with
    rosters/      the leaders' own list of addresses: read, compared, invited from, given out
"""
