"""The one way in which the program calls others over HTTP."""
