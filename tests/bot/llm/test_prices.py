from decimal import Decimal

import pytest

from footnote_qa.bot.llm.prices import cost_usd
from footnote_qa.bot.settings import PriceSettings
from tests.fakes.models import a_provider

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("kind", "model", "base_url"),
    [
        ("openai", "gpt-4o-mini", None),
        ("anthropic", "claude-sonnet-4-5", None),
        ("google", "gemini-2.5-flash", None),
        ("azure_openai", "gpt-4o", "https://ours.openai.azure.com"),
        ("bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0", None),
        ("openai_like", "openai/gpt-4o", "https://openrouter.ai/api/v1"),
    ],
)
def test_price_of_a_known_model_is_in_the_table(
    kind: str, model: str, base_url: str | None
) -> None:
    provider = a_provider(kind=kind, model=model, base_url=base_url, price=None)

    into = cost_usd(provider, input_tokens=1000, output_tokens=0)
    both = cost_usd(provider, input_tokens=1000, output_tokens=1000)

    assert into is not None
    assert both is not None
    assert 0 < into < both < 1


def test_price_of_a_server_of_ones_own_is_not_known() -> None:
    provider = a_provider(price=None)

    assert cost_usd(provider, input_tokens=1, output_tokens=1) is None


def test_price_in_the_settings_goes_before_the_table() -> None:
    ours = PriceSettings(
        input_usd_per_million=Decimal("0.5"), output_usd_per_million=Decimal("1.25")
    )
    provider = a_provider(kind="openai", model="gpt-4o-mini", base_url=None, price=ours)

    cost = cost_usd(provider, input_tokens=MILLION, output_tokens=2 * MILLION)

    assert cost == Decimal("3.00")
