"""The local stack: the Pulumi program, applied to an AWS emulator, with local databases beside it.

Where to look:

- ``local.stack.LocalStack``      the stack in this process, as a context manager (the demo uses it)
- ``local.control``               ``start_foreground``, ``start_detached``, ``stop``, ``status`` for the command line
- ``local.clock.tick``            fires the schedules that are due
- ``local.logs.read_logs``        what the functions logged
- ``local.program.record_program``  the program's resources as data, with no emulator (tests of the infrastructure)

Nothing is imported here, so that asking for one of them costs no more than it needs.
"""
