"""What the bot does by itself: counting logs as they come, and saying what is worth saying."""
