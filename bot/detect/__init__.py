"""Series in, findings out: pure, without a clock and without state."""
