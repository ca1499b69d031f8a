"""Replies to greetings, thanks and questions about the bot itself, without a search."""

import re

_GREETING = (
    r"hi+|hello+|hey+|heya|hiya|howdy|yo|good (?:morning|afternoon|evening|day)|greetings|"
    r"hallo|moin|servus|guten (?:morgen|tag|abend)|grüezi|salut|bonjour|bonsoir|hola|buenos días|"
    r"buenas(?: tardes| noches)?|ciao|olá|hej|привет|здравствуйте|你好|您好|こんにちは|안녕하세요|"
    r"مرحبا|merhaba|cześć"
)
_WHOM = r"(?:[ ,]+(?:there|all|everyone|everybody|team|folks|bot|footnote|again|zusammen|you))*"
_THANKS = (
    r"(?:ok(?:ay)?|great|perfect|cool|awesome|nice|got it|super|wow)?[ ,.!]*"
    r"(?:many thanks|thanks?(?: you| u| ya)?(?: so much| very much| a lot| a million| again)?|"
    r"thx|thnx|tnx|ty|cheers|"
    r"much appreciated|danke(?: ?schön| sehr)?|vielen dank|merci(?: beaucoup)?|(?:muchas )?gracias|"
    r"grazie|obrigad[oa]|спасибо|谢谢|谢谢你|ありがとう(?:ございます)?|감사합니다|dziękuję|tack)"
    r"(?:[ ,.!]+(?:that|this|it|you)(?:'s| is| was| were|'re| are)?(?: really| very| so| has)?"
    r"(?: (?:now|all))?"
    r" ?(?:helped|helpful|great|perfect|useful|it|works?(?: now)?|worked|"
    r"what i needed|a big help)?)?"
    r"(?:[ ,]+(?:bot|footnote|all|everyone|again|for (?:your|the) (?:help|answer|quick answer)))*"
)
_PRAISE = (
    r"(?:that (?:helped|was helpful|worked|works|is (?:great|perfect|helpful))|good bot|well done|"
    r"great(?: answer| job| work)?|perfect|awesome|nice(?: one| work| answer)?|"
    r"you(?:'re| are) (?:great|awesome|the best|helpful)|love it|ok(?:ay)?|cool|got it|👍+|🙏+|❤️*)"
)
_COMPLAINT = (
    r"(?:that(?:'s| is| was)? (?:wrong|not (?:right|true|helpful|it|what i (?:asked|meant)))|"
    r"(?:this|that|it) (?:didn't|did not|doesn't|does not) help|wrong(?: answer)?|bad bot|useless|"
    r"not helpful|you(?:'re| are) wrong)"
)
_FAREWELL = (
    r"(?:bye+|goodbye|good night|see you(?: later| tomorrow)?|tschüss|au revoir|adiós|cya|ciao)"
)
_TEST = (
    r"(?:test(?:ing)?(?:[ ,]*(?:test|1|2|3|one|two|three))*|ping|are you (?:there|up|alive|awake|"
    r"working|online)|is (?:this|anyone|anybody) (?:on|there|working)|does this work|bist du da)"
)
_ABOUT = (
    r"(?:what (?:can|do|could) you (?:do|know|answer|help(?: me)?(?: with)?)|"
    r"what (?:can|should|may) i ask(?: you)?(?: about)?|how (?:can|could|do) you help(?: me)?|"
    r"who are you|what are you|what is this(?: bot)?|what(?:'s| is) your (?:name|job|purpose)|"
    r"how do you work|how does this(?: bot)? work|how do i use (?:you|this(?: bot)?)|"
    r"(?:(?:can|could) you )?help(?: me)?|"
    r"are you (?:a (?:bot|robot|human|person|machine)|an ai|human|chatgpt|real)|"
    r"(?:tell me|say something) about yourself|"
    r"where do (?:you get your|your) answers (?:come )?from|"
    r"was kannst du(?: alles)?|wer bist du|qui es-tu|que peux-tu faire|quién eres|"
    r"qué puedes hacer|你是谁|你能做什么)"
)
_HOW_ARE_YOU = (
    r"(?:how are you(?: doing)?(?: today)?|how's it going|what's up|sup|wie geht's|ça va)"
)

HELLO = (
    "Hello! Ask me a question, and I answer it from your documents, with the source of each "
    "statement."
)
WELCOME = "You're welcome."
GLAD = "Glad to help."
SORRY = (
    "I'm sorry this did not help. Try asking in other words, or open the sources to see what "
    "the documents say."
)
GOODBYE = "Goodbye!"
HERE = "I'm here. Ask me a question about your documents."
ABOUT = (
    "I answer questions from your team's documents. Every statement shows its source, and if the "
    "answer isn't in your documents, I say so. Ask in a full sentence, for example: How many days "
    "of leave do I have?"
)
FINE = "I'm ready. Ask me a question about your documents."

_REPLIES = tuple(
    (re.compile(rf"(?:(?:{_GREETING}){_WHOM}[ ,.!]+)?{pattern}", re.IGNORECASE), reply)
    for pattern, reply in (
        (rf"(?:{_ABOUT})", ABOUT),
        (rf"(?:{_HOW_ARE_YOU})", FINE),
        (rf"(?:{_TEST})", HERE),
        (rf"(?:{_COMPLAINT})", SORRY),
        (rf"(?:{_THANKS})(?:[ ,.!]+(?:{_FAREWELL}|{_PRAISE}))?", WELCOME),
        (rf"(?:{_PRAISE})(?:[ ,.!]+(?:{_THANKS}))?", GLAD),
        (rf"(?:{_FAREWELL})", GOODBYE),
    )
)
_HELLO_ALONE = re.compile(
    rf"(?:{_GREETING}){_WHOM}(?:[ ,.!]+(?:{_GREETING}){_WHOM})?", re.IGNORECASE
)
_EDGES = " \t\n!.?,;:~-…¡¿。！？、()\"'“”‘’😀🙂😊👋🎉"
_MOST_CHARS = 80


def reply_to(text: str) -> str | None:
    """Return the bot's reply to small talk; None if the message asks about the documents.

    >>> reply_to("hi there!") == HELLO, reply_to("Thanks, that helped!") == WELCOME
    (True, True)
    >>> reply_to("Thanks for the leave policy, how many days do I have?") is None
    True
    """
    said = re.sub(r"\s+", " ", text).strip(_EDGES)
    if len(said) > _MOST_CHARS:
        return None
    if not said:
        return HELLO if "👋" in text else None
    if _HELLO_ALONE.fullmatch(said):
        return HELLO
    return next((reply for pattern, reply in _REPLIES if pattern.fullmatch(said)), None)
