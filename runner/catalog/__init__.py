"""What the vendors' files mean: models, providers, HTTP exchanges, prices. Pure."""
