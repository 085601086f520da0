"""Structured logs: one JSON object a line, a constant message plus fields.

A logger is made for each invocation and passed on explicitly, because context variables do not reach other threads.
Fields name things (keys, ids, counts); payloads and secrets never become fields.
"""

import logging
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger

Logger = FilteringBoundLogger

_PROCESSORS = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.processors.EventRenamer("message"),
    structlog.processors.JSONRenderer(sort_keys=False),
)


def make_logger(stream: TextIO, *, level: str, **fields: str) -> Logger:
    """``level`` is a name of the standard library's levels; an unknown one counts as INFO."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logger: Logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=list(_PROCESSORS),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        context_class=dict,
    ).bind(**fields)
    return logger
