from tests.fakes.api import bot, small_model, sources

__all__ = ["bot", "small_model", "sources"]
