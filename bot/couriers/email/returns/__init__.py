"""What comes back about our e-mails: reports of mail servers, complaints, and wishes to be left.

`words.py` says in plain words what a status means, `reports.py` reads what has come back, and
`mailbox.py` looks for it in the mailbox to which it comes.
"""
