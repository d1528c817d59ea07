"""One question from the line that was typed to the Answer: reading, checking, running."""
