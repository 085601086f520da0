"""``anime demo``: the main job, end to end, on a stack of its own."""

from typing import Annotated

import typer

from cli.context import interrupted, options, project_root, reporting
from cli.errors import CommandError


@reporting
def demo(
    context: typer.Context,
    interactive: Annotated[bool, typer.Option("--interactive", help="Ask before the entry is approved.")] = False,
) -> None:
    """Run the main job on the samples: bootstrap, sync, enrichment, review, commit, snapshot, search."""
    from cli import main_job
    from cli.session import session_of
    from local.errors import LocalStackError
    from local.stack import LocalStack

    chosen = options(context)
    root = project_root()
    chosen.out.step("starting a local stack of its own (nothing of it is kept)")
    try:
        with LocalStack("demo", root=root, progress=chosen.out.progress) as stack:
            session = session_of("demo", stack.description)
            samples = main_job.Samples(folder=root / "samples")
            chosen.out.result(main_job.run(session, chosen.out, samples, interactive=interactive))
            chosen.out.step("stopping the stack")
    except KeyboardInterrupt:
        raise interrupted("the demo's own stack is stopped, and nothing of it is kept") from None
    except LocalStackError as error:
        raise CommandError(str(error)) from None
