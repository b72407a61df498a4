"""What leaders really paste, and what each entry comes to."""

from bot.community.invitations.previews import Verdict

EMAILS = """\
zoe.davis2@example.org
aisha.muller3@example.com, hiroshi.garcia4@example.com;oneil.sharma7@example.com
"Omar Abebe" <omar.abebe8@example.org>
<mailto:renee.vanderberg9@example.com|renee.vanderberg9@example.com>
  WALTER.THOMAS10@EXAMPLE.ORG\x20\x20
kwame.bianchi11@example.org.
arjun.wilson12@example.org   abena.okafor14@example.org
zoe.davis2@example.org
AISHA.MULLER3@EXAMPLE.COM
“jiwoo.home15@example.com”
mailto:chloe.patel16@example.com
ana.ruiz@gmial.com
not-an-address
@example.org
jose@@example.org
josé@example.org
two words@example.org
a@localhost
xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@example.org
bob@example.org<script>alert(1)</script>
eve@example.org%0ABcc:all@example.org
=cmd|' /C calc'!A0@example.org
dolores.mensah17@example.org\u200b
chidi.davis18@example.org\u00a0
"""

EMAIL_VERDICTS: list[tuple[str, Verdict]] = [
    ("zoe.davis2@example.org", "good"),
    ("aisha.muller3@example.com", "good"),
    ("hiroshi.garcia4@example.com", "good"),
    ("oneil.sharma7@example.com", "good"),
    ("omar.abebe8@example.org", "good"),
    ("renee.vanderberg9@example.com", "good"),
    ("walter.thomas10@example.org", "good"),
    ("kwame.bianchi11@example.org", "good"),
    ("arjun.wilson12@example.org", "good"),
    ("abena.okafor14@example.org", "good"),
    ("zoe.davis2@example.org", "repeat"),
    ("aisha.muller3@example.com", "repeat"),
    ("jiwoo.home15@example.com", "good"),
    ("chloe.patel16@example.com", "good"),
    ("ana.ruiz@gmial.com", "slip"),
    ("", "bad"),  # not-an-address
    ("", "bad"),  # no local part
    ("", "bad"),  # two @
    ("", "bad"),  # an accent
    ("", "bad"),  # a space
    ("", "bad"),  # localhost
    ("", "bad"),  # 70 characters before the @
    ("", "bad"),  # a script
    ("", "bad"),  # a header
    ("", "bad"),  # a formula
    ("dolores.mensah17@example.org", "good"),
    ("chidi.davis18@example.org", "good"),
]

NUMBERS = """\
+1 201-555-0123
(201) 555-0124
201.555.0125
2015550126
1-201-555-0127
<tel:+12015550128|+1 201-555-0128>
+44 7911 123456
+34 612 34 56 78
+34 912 345 678
+1 876 555 0100
+1 800 555 0199
+1 900 555 0199
201 555 0129 x45
call me 2015550130
555-0131
+1 201 555 0123
０１２３
++12015550132
+12015550133; +12015550134, +12015550135
"""

NUMBER_VERDICTS: list[tuple[str, Verdict]] = [
    ("+12015550123", "good"),
    ("+12015550124", "good"),
    ("+12015550125", "good"),
    ("+12015550126", "good"),
    ("+12015550127", "good"),
    ("+12015550128", "good"),
    ("", "bad"),  # Guernsey or Britain: not where texts go
    ("", "bad"),  # Spain, mobile
    ("", "bad"),  # Spain, landline
    ("", "bad"),  # Jamaica, which shares +1
    ("", "bad"),  # toll-free
    ("", "bad"),  # premium rate
    ("", "bad"),  # an extension
    ("", "bad"),  # words
    ("", "bad"),  # too short
    ("+12015550123", "repeat"),
    ("", "bad"),  # full-width and too short
    ("", "bad"),  # two plus signs
    ("+12015550133", "good"),
    ("+12015550134", "good"),
    ("+12015550135", "good"),
]
