"""Everyday synonyms at work, so that a question finds text that uses other words."""

from collections.abc import Iterable
from functools import cache

from footnote_qa.index.chunking.stems import stem

# Each line is one meaning. A word may have several.
_GROUPS = """
access enter log login sign signin
account profile
add attach include insert
advance prior before beforehand earlier
after following afterwards since
allow permit may can authorise authorize
annual yearly
answer reply response
apply request ask submit
approve approval sign-off authorisation authorization
baby child newborn infant birth
badge card pass
bank accrue accumulate save earn
begin start launch commence
boss manager supervisor lead
bring carry
build compile make
buy purchase order procure
call phone ring
cancel revoke withdraw
cap limit maximum max ceiling most
change update modify edit adjust alter correct
choose select pick
client customer
close shut
company employer organisation organization firm
compensation pay salary wage remuneration
complete finish fill
computer laptop macbook pc machine
configure set setup install setting
connect join link
contact email reach
contract agreement
copy duplicate clone
cost price fee charge rate
create make generate new add
deadline due cutoff
delete remove erase clear
die died death dead passing loss bereavement funeral
display show view see
doctor physician medical
document file paper
drive disk stick usb
employee staff worker personnel colleague
end finish expire stop
error fault failure bug
explain describe
find locate search
fire dismiss terminate
fix repair solve resolve troubleshoot
folder directory
free gratis complimentary
get obtain receive
give grant provide
guide manual instruction tutorial
happen occur
help support assistance
holiday vacation pto leave
hour time
hire recruit
ill sick illness unwell
important essential critical
issue problem error
job position role
keep retain store save
kid child
leave absence vacation pto
length duration long
lock secure
lunch meal food
mail email
meeting call
minimum min least
money payment fund reimbursement
monthly month
mother maternity
move transfer relocate
need require must
news announcement
note certificate
pet dog animal cat
phone mobile telephone
place location site
print printer
quit resign resignation
rate speed
reimburse refund repay
remote home telework wfh
rent lease
reset restore
run execute start
send submit mail
share distribute
shop store
stop disable halt end
teach train training
test try check
ticket issue request
training course class
trip travel journey
turn switch
type kind sort
use utilise utilize employ
validate verify check
weekday day
write compose
"""


@cache
def _table() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for line in _GROUPS.splitlines():
        group = {stem(word) for word in line.split()}
        for one in group:
            table.setdefault(one, set()).update(group)
    return {one: frozenset(group - {one}) for one, group in table.items()}


def synonyms(stemmed: str) -> frozenset[str]:
    """Return the stems of words that often mean the same as one with the stem *stemmed*.

    >>> stem("death") in synonyms(stem("died"))
    True
    """
    return _table().get(stemmed, frozenset())


def has_synonym(stemmed: str, present: Iterable[str]) -> bool:
    """Return whether a word that often means the same is among *present* stems."""
    return not synonyms(stemmed).isdisjoint(present)
