"""Birthdays and anniversaries, by the solar and the lunar calendar."""
