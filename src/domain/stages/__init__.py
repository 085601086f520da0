"""The five stages: pure functions from catalogues' answers to parts of an entry.

``readers`` know the shape of one catalogue's answers each, ``priority`` says whose word counts, and a module a stage
merges. ``domain.stages.run.run_stage`` is the way in.
"""
