"""Outgoing mail: queued with the change that causes it, sent by a job after the commit."""
