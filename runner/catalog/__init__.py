"""What model and provider files mean: models, providers, prices, and what is wrong with a file. Pure."""
