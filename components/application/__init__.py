"""Wiring of the providers' components into the things people talk about."""
