"""English word tables for comparing statements: words that claim nothing, irregular forms."""

import re

from footnote_qa.index.chunking import listed

# Words of a statement that claim nothing by themselves, or only say what is said
LIGHT = listed(
    "regardless matter depending "
    "able above according across actually addition additional additionally after against "
    "all allow allowed allows along already also although always am among amount another "
    "answer anybody anyone applicable applies apply aren't around auch available based "
    "basically before below besides between brief bzw called can can't cannot case cases "
    "circa colleague colleagues come comes company could currently dabei daher davon dazu "
    "default described describes deshalb despite detail details didn't document "
    "documentation documents doesn't don't done during dürfen each eg employee employees "
    "employer etc etwa every everybody everyone example explains finally find finds first "
    "folgende folgenden folgt follow following follows found further furthermore gemäß "
    "generally get gets getting give given gives giving go goes going got guide had half "
    "handbook handle handled handles happen happens has have hence here's however i'm ie "
    "include included includes including individual individuals info information instance "
    "instead involve isn't it's jedoch keep keeps kind known können lastly laut least less "
    "let lets lie lies list listed lists made make makes making manual may mean means "
    "meanwhile member members mention mentioned might more moreover most must müssen named "
    "need needed needs neither never next no nobody none nor not note nothing now "
    "number occur ok okay once one's only organisation organization otherwise overall page "
    "part particular particularly parts passage people person personnel place please plus "
    "pm point points policy possible procedure process provide provided provides put "
    "question quite rank ranks rather receive received receives refer refers regarding "
    "require required requires respect rule rules run rund running runs said say says "
    "second section sections serve served serves set shall short should show shown shows "
    "simply since sollen someone sondern source sowie specifically staff state stated "
    "states step steps still summary sure take taken takes taking team term terms that's "
    "themselves there's therefore they'll they're they've thing things third though through "
    "thus today together total type types und unless until upon use used user users uses "
    "using valid via vs want wants wasn't way ways we're well whether will wish within "
    "without won't work worker workers works would yes yet you'll you're you've yourself "
    "you'd they'd we'd he'd she'd it'd i'd i'll i've haven't hasn't hadn't "
    "shouldn't wouldn't couldn't anything something alike else exist exists "
    "meaning mind optionally stand stands "
)
_FORMS_OF = {
    "begin": "began begun",
    "break": "broke broken",
    "bring": "brought",
    "build": "built",
    "buy": "bought",
    "catch": "caught",
    "child": "children",
    "choose": "chose chosen",
    "decide": "decision decisions",
    "die": "death",
    "draw": "drew drawn",
    "drive": "drove driven",
    "eat": "ate eaten",
    "fall": "fell fallen",
    "feel": "felt",
    "find": "found",
    "forbid": "forbade forbidden",
    "forget": "forgot forgotten",
    "get": "got gotten",
    "give": "gave given",
    "go": "went gone",
    "grow": "grew grown",
    "hear": "heard",
    "hide": "hid hidden",
    "hold": "held",
    "keep": "kept",
    "know": "knew known",
    "lead": "led",
    "leave": "left",
    "lend": "lent",
    "lie": "lay lain",
    "lose": "lost",
    "make": "made",
    "mean": "meant",
    "meet": "met",
    "pay": "paid",
    "pursue": "pursuit",
    "ride": "rode ridden",
    "rise": "rose risen",
    "run": "ran",
    "say": "said",
    "see": "saw seen",
    "sell": "sold",
    "send": "sent",
    "shake": "shook shaken",
    "sign": "signature",
    "sit": "sat",
    "speak": "spoke spoken",
    "spend": "spent",
    "stand": "stood",
    "steal": "stole stolen",
    "take": "took taken",
    "teach": "taught",
    "tell": "told",
    "think": "thought",
    "throw": "threw thrown",
    "understand": "understood",
    "wear": "wore worn",
    "win": "won",
    "withdraw": "withdrew withdrawn",
    "write": "wrote written",
}
IRREGULAR = {form: base for base, forms in _FORMS_OF.items() for form in forms.split()}
# Verbs of two words that a single word says as well
PHRASES = tuple(
    (re.compile(rf"\b{pattern}\b", re.IGNORECASE), word)
    for pattern, word in (
        (r"hand(?:s|ed|ing)? (?:it |them )?in", "submit"),
        (r"pa(?:y|ys|id|ying) (?:it |them )?back", "repay"),
        (r"e-mail", "email"),
        (r"sa(?:y|ys|id|ying) no", "refuse"),
        (r"back(?:s|ed|ing)?[ -]up", "backup"),
        (r"(?:sign|log)(?:s|ed|ged|ing|ging)?[ -]in", "register"),
        (r"pick(?:s|ed|ing)? (?:it |them )?up", "collect"),
        (r"(?:build|builds|built|building) up", "accrue"),
        (r"carr(?:y|ies|ied|ying) out", "perform"),
        (r"(?:take|takes|took|taken|taking) place", "happen"),
        (r"com(?:e|es|ing) about", "happen"),
        (r"get(?:s|ting)? in touch with|got in touch with|reach(?:es|ed|ing)? out to", "contact"),
        (r"fill(?:s|ed|ing)? (?:in|out)", "complete"),
        (r"tak(?:e|es|en|ing) off|time off", "leave"),
        (r"work(?:s|ed|ing)? from home", "remote"),
        (r"free of charge|at no (?:cost|charge)", "free"),
        (r"as soon as possible|right away", "immediately"),
        (r"as long as", "if"),
        (r"so far|until now", "now"),
        (r"(?:go|goes|went|gone|going) up", "increase"),
        (r"(?:go|goes|went|gone|going) down", "decrease"),
        (r"get(?:s|ting)? rid of", "remove"),
        (r"set(?:s|ting)? up", "configure"),
        (r"turn(?:s|ed|ing)? on|switch(?:es|ed|ing)? on", "enable"),
        (r"turn(?:s|ed|ing)? off|switch(?:es|ed|ing)? off|shut(?:s|ting)? down", "disable"),
    )
)
