"""Pulumi components: one folder a provider, one file a kind of resource, ``application`` for the wiring."""
