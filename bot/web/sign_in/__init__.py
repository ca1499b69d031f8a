"""Sign-in by OpenID Connect: the provider, its tokens, and what a person may do here."""

from footnote_qa.bot.web.sign_in.person import Identity, identity_of
from footnote_qa.bot.web.sign_in.provider import Provider, SignIn

__all__ = ["Identity", "Provider", "SignIn", "identity_of"]
