"""Pure builders: what is to be said, as Block Kit dictionaries. Nothing here calls Slack."""
