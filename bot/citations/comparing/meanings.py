"""Whether a word, another form of it or a synonym is among the words of the evidence."""

from collections.abc import Collection
from functools import cache, lru_cache

from footnote_qa.bot.citations.comparing.word_forms import (
    are_parties,
    base,
    forms_of,
    is_compound,
    is_derived,
    root,
)
from footnote_qa.index.chunking import has_synonym, stem

# Each line is one meaning, beyond those that the search knows. A word may have several.
_GROUPS = """
click choose select press tap
forfeit lose
accrue accumulate build earn collect grow
advance prepay
amend change update revise modify
annual yearly year per-year
appropriate suitable proper
approval approve sign-off authorise authorize permission consent okay agree
approx about around roughly approximately circa
ask request contact apply inquire
assist help support aid
attach enclose include
attempt try
automatic automatically self
back return
ban forbid prohibit disallow bar
begin start commence
big large
biweekly fortnightly two-week
bill invoice
boss manager supervisor lead
break pause rest
bring carry take
broken damaged faulty defective
buy purchase order procure
cap limit maximum max ceiling most
cash money
cease stop end quit halt
charge fee cost price rate bill
cheap inexpensive low
check verify confirm validate inspect examine
choose select pick elect opt
clean wash tidy
colleague coworker teammate
collect gather pick fetch
complete finish fill done
conduct hold run perform carry
conference meeting
cost price fee charge expense pay
cover include pay reimburse
create make produce generate draft
crucial important essential critical vital key
attend participate part
bike bicycle cycle
fly flight airplane plane air
journey trip ride travel
hold seat fit accommodate capacity
younger under below
older over above
enter admit access entry
depend need rely
set change configure adjust
purpose mean meant intend deliberately intentionally
contribute add contribution pay
register sign enrol enroll
move relocate
lunch canteen meal dish
suspect think
allowed permitted may can
biggest largest big large
appear publish
applicant candidate
beside next adjacent alongside near
believe think suspect
external externally outside abroad
held hold take place conduct occur happen
hear answer reply respond
joiner newcomer starter colleague hire
once time
vacancy opening position job
wipe erase
daily day
deadline due latest
decide determine choose
decline reject refuse deny
defer postpone delay
delete remove erase clear wipe
deliver bring send ship
department team group division unit
direct directly straight
discuss talk speak
display show
double twice two
duration length long period
each per every
early earlier beforehand advance ahead prior
ease facilitate
eligible qualify entitled entitle may can qualifies
employ hire recruit
end finish expire lapse close stop
enough sufficient
enter type input log
entire whole full all
equipment gear hardware device
estimate approximate
evaluate evaluation review assess assessment appraisal meet
exceed over above more beyond
except exclude excluding besides
expire lapse end forfeit lose
explain describe
extend prolong extension
extra additional further more another
fast quick quickly rapid
file submit lodge send
fix repair mend solve
free gratis complimentary
full complete entire whole
get receive obtain gain
give grant provide offer
guest visitor
half fifty
handle manage process deal
hand give
happen occur
have own possess hold
help support assist
hire employ recruit join newcomer
holiday vacation leave pto
home remote house residence
identical same equal
illness sick sickness ill unwell
immediately straight promptly right asap instantly
inform notify tell report alert let-know
instruct tell
job role position post
join enrol enroll register participate
keep retain store save stay
kid child children son daughter
largest biggest most
laptop computer notebook machine
last previous final
late overdue delayed
leave depart exit
leave absence vacation pto off
let allow permit
live reside based located
location place site where
lodging hotel accommodation
lose forfeit expire lapse
lost missing
lunch meal
mail post email
main primary principal chief
mandatory compulsory required must obligatory
match equal contribution
maximum max most limit cap
medical health doctor
meet meeting
minimum min least
mobile phone cell
month monthly
mother maternity
name call
near close nearby
new newly recent newcomer
newborn baby child
obtain get receive
occupy use
off leave
offer provide give
office workplace
open opened opens
optional voluntary
outside beyond abroad
owe due
paper document
parental parent
partner spouse
pay paid payment compensate remunerate
payment pay
permit allow let may can
person people
phone call telephone ring
plan intend
possible may can
prior before previous advance
private personal
probation trial
prolong extend
proof evidence receipt
quarterly quarter
raise increase
receipt proof invoice
receive get obtain
reduce lower decrease cut
refund reimburse repay return
regularly regular
relate concern
remain stay left
rent lease
repeat again
replace exchange swap substitute
report notify tell inform
require need must necessary
reset restore
resign quit leave
respond reply answer
response reply answer
return back hand
role job position
room space
salary pay wage
safe secure protect security
schedule plan arrange book
select choose
send submit forward mail
separate separately apart different
share split
sign signature
single one sole
small little
spend use
stay remain
stop end cease
submit send file hand
suit fit
supply provide
swap exchange
tell inform
term period
terminate end fire dismiss
time period
total sum altogether
train training teach
transfer move
travel trip journey
unlimited limit maximum cap
unused left remaining
vehicle car
visit come
weekly week
welcome allowed permitted
whole full entire
within in inside under
write draft
yearly annual year
"""


@cache
def _meanings() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for line in _GROUPS.splitlines():
        group = {part for word in line.split() for part in (stem(word), root(word), word)}
        for one in group:
            table.setdefault(one, set()).update(group)
    return {one: frozenset(group) for one, group in table.items()}


@lru_cache(maxsize=65_536)
def alternatives(word: str) -> frozenset[str]:
    """Return the common forms of a word and its synonyms.

    >>> not alternatives("caps").isdisjoint(forms(frozenset(["maximum"])))
    True
    """
    bare = base(word)
    own = {stem(bare), root(bare), bare, bare.removesuffix("s")}
    return frozenset(own.union(*(_meanings().get(one, ()) for one in own)))


@lru_cache(maxsize=4096)
def forms(words: frozenset[str]) -> frozenset[str]:
    """Return *words* with their common forms."""
    words |= frozenset(map(base, words))
    stems, roots = forms_of(words)
    return words | stems | roots


def is_known(word: str, words: Collection[str]) -> bool:
    """Return whether *word* or another form of it, or a synonym, is among *words*.

    >>> is_known("cap", ["maximum"]), is_known("employers", ["employees"])
    (True, False)
    """
    if word in words:
        return True
    word = base(word)
    words = frozenset(map(base, words)) | frozenset(words)
    if word in words or (word.startswith("re") and word[2:] in words):
        return True  # "repay" is "pay back"
    if are_parties(word, words):
        return False
    if not alternatives(word).isdisjoint(forms(words)):
        return True
    if any(is_derived(word, one) for one in words):
        return True
    stems, _ = forms_of(words)
    return has_synonym(stem(word), stems) or is_compound(word, words)
