"""What is expected to be won, and what was to be won: targets and the forecast."""
