"""The form of the answer is known from the question, also in the short words of a chat."""

import pytest

from footnote_qa.bot.extractive.question_forms import Form, form_of

ASKED = {
    Form.FACT: ["how much vacation do I earn after 5 years?", "who approves my timesheet",
                "what time does the office open", "order of the agenda",
                "who is the CEO and where does he sit", "how long is the probation period"],
    Form.STEPS: ["i lost my badge what do i do", "lost my badge, what now?", "request new laptop",
                 "need to book travel", "I want to cancel a booking", "best way to reset it",
                 "can you tell me how to reset my password", "ordering cards - how?",
                 "steps to request a laptop", "wie beantrage ich Urlaub?"],
    Form.LIST: ["what holidays do we have", "onboarding checklist", "password requirements",
                "rules for using the printer", "pros and cons of remote work",
                "which kinds of leave are there"],
    Form.CODE: ["git command to squash commits", "config option for timeout",
                "which flag turns it off"],
    Form.YES_NO: ["is there a dress code", "am I allowed to work abroad"],
    Form.SUMMARY: ["tldr travel policy", "overview of benefits", "Summarise the policy"],
    Form.COMPARISON: ["sick leave vs annual leave", "difference between A leave and B leave"],
    Form.DEFINITION: ["whats 10x", "what does FOIA mean", "define micro-purchase"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("question", "form"), [(one, form) for form, questions in ASKED.items() for one in questions]
)
def test_a_question_asks_for_an_answer_in_its_form(question: str, form: Form) -> None:
    assert form_of(question).form is form
