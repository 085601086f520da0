"""The five stages: pure functions from catalogues' answers to parts of an entry.

``readers`` know the shape of one catalogue's answers each, ``priority`` says whose word counts, and a module a stage
merges. ``run_stage`` is the way in.
"""

from domain.stages.run import run_stage

__all__ = ["run_stage"]
