"""Porchlight: leaders speak in chats, commands turn speech into verbs, verbs change what storage
remembers, couriers carry letters out, and the web page lets people in.

The map of the house, from the door down; an import goes down, never up, never sideways:

    __main__.py     the command line: porchlight run | worker | migrate | found | slack-manifest
    app.py          the composition root: the only place where things are made and plugged together
    chats/          shelf 1: chat platforms: Slack, Telegram; the playground, a chat in the browser
    web/            pages for people, in a chat or not: sign-up, household, opting out, health
    couriers/       shelf 3: ways a letter travels: e-mail, text, and the outbox that goes nowhere
    paper/          access passes and the chart of coverage: words, QR symbols, the child that draws
    dispatch.py     answer(services, call) -> reply: find the command, check the leader, help
    commands/       shelf 2: what leaders and members can say, one file each
    community/      the heart: what can happen, in verbs; no SDK, no HTTP, no markup
    ports.py        the sockets in the wall: Chat, Courier, Printer; Services, all plugged things
    door.py         who waits for an answer just now, and so goes before what can wait a moment
    messages.py     the words rooms exchange: Call, Reply, Card, Letter, Carried
    settings.py     shared settings and the keys; each adapter keeps its own settings beside it
    templating.py   Jinja for each language; templates/ holds words for residents, nothing else
    languages.py    which languages those are, from the catalogues in templates/languages/
    ../storage/     tables, queries, and the database behind read() and write()

Three journeys to follow with a finger. A command to its reply: a chat makes a `Call`; `answer` in
`dispatch.py` finds the command in `commands/`; that asks a verb in `community/`, which changes
storage in one transaction and leaves a job; `community/postman/` has it done and the receipt
edited. A redeemed code to the announcement: `web/signup.py`, `community/redemptions.py`, then the
postman again. What became of a letter: a courier hears of it (`couriers/email/returns/`,
`couriers/email/services/`, `couriers/sms/hooks.py`), `community/postman/returns.py` finds the
letter, `community/deliveries.py` keeps the fact, and once more the postman edits the receipt.
"""
