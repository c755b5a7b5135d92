"""The nouns, by subject: frozen, each with its facts and its JSON form beside it."""
