"""The cost of a reply, by the settings or by the price table."""

from decimal import Decimal

from footnote_qa.bot.settings import ProviderSettings

_MILLION = Decimal(1_000_000)
# The price table's names for the providers of our kinds
_SUPPLIERS = {
    "openai": "openai",
    "azure_openai": "azure",
    "anthropic": "anthropic",
    "google": "google",
    "bedrock": "aws",
}


def cost_usd(
    provider: ProviderSettings, *, input_tokens: int, output_tokens: int
) -> Decimal | None:
    """Return the price of one reply in US dollars; None if it is not known.

    A price in the settings comes before the table. The table has no prices for your own servers:
    set one, 0 if it is free.
    """
    if provider.price is not None:
        priced = (
            provider.price.input_usd_per_million * input_tokens
            + provider.price.output_usd_per_million * output_tokens
        )
        return priced / _MILLION
    return _by_table(provider, input_tokens, output_tokens)


def _by_table(provider: ProviderSettings, input_tokens: int, output_tokens: int) -> Decimal | None:
    # Imported here: it loads 3 MB of prices
    from genai_prices import Usage, calc_price  # noqa: PLC0415

    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    supplier = _SUPPLIERS.get(provider.kind)
    try:
        if provider.base_url is not None and supplier not in {"azure"}:
            found = calc_price(usage, provider.model, provider_api_url=provider.base_url)
        elif supplier is not None:
            found = calc_price(usage, provider.model, provider_id=supplier)
        else:
            return None
    except LookupError:
        return None
    return found.total_price
