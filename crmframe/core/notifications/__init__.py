"""Telling people: in the application, and by mail at once or in a daily digest."""
