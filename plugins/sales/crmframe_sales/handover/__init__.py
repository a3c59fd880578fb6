"""Handing over: a won deal to those who deliver, and a deal to another owner."""
