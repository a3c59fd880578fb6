"""The ASGI application: pages, JSON API, signing in, templates, static files."""
