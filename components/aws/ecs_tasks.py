"""A task on Fargate: the container in it, how large it is, and the walls around it.

The root file system cannot be written, so what breaks in can leave nothing that is run: ``/tmp`` alone is writable,
lies in memory and executes nothing. It is a tmpfs, which Fargate has since January 2026
(https://aws.amazon.com/about-aws/whats-new/2026/01/amazon-ecs-tmpfs-mounts-aws-fargate-managed-instances/), and no
volume: that would belong to root, and the container does not run as root
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

CONTAINER: Final = "main"
"""Every task has this one."""

USER: Final = "65532:65532"
"""User and group of the container, whatever its image says; nobody's by convention of small images."""

SCRATCH_MIB: Final = 64
"""Of ``/tmp``, taken from the task's memory."""

_BY_DIGEST: Final = re.compile(r"^[a-z0-9][A-Za-z0-9_./:-]*@sha256:[0-9a-f]{64}$")

_PRIVATE: Final = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[a-z0-9._/-]+)"
)

_START_SECONDS: Final = 30
_STOP_SECONDS: Final = 30

_GIB: Final = 1024
_MEMORY_MIB: Final[Mapping[int, tuple[int, ...]]] = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
"""What Fargate runs, by processor:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html.
"""

_MOST_TASKS: Final = 100


@dataclass(frozen=True, kw_only=True)
class Container:
    """``health_command`` is run in the container, as ECS writes it: ``("CMD", program, ...)``. ``command`` takes the
    place of the image's own.
    """

    image: str
    health_command: tuple[str, ...]
    command: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _BY_DIGEST.fullmatch(self.image):
            raise ValueError(
                f"image {self.image!r}: whoever moves its tag would decide what runs, and two tasks could differ; "
                "name it by digest, REPOSITORY@sha256: and 64 hexadecimal digits"
            )
        if self.health_command[:1] not in {("CMD",), ("CMD-SHELL",)} or len(self.health_command) == 1:
            raise ValueError(
                f"image {self.image!r}: a container that hangs would get requests for ever; give a health command, "
                '("CMD", program, argument, ...)'
            )

    def repository_arn(self, partition: pulumi.Input[str]) -> pulumi.Output[str] | None:
        """Of a private repository of ECR; from elsewhere everybody may pull."""
        found = _PRIVATE.match(self.image.partition("@")[0])
        if found is None:
            return None
        place = f":ecr:{found['region']}:{found['account']}:repository/{found['name']}"
        return pulumi.Output.concat("arn:", partition, place)


@dataclass(frozen=True, kw_only=True)
class Size:
    """``cpu`` in 1/1024 of a processor, ``memory_mib`` of each of ``min_tasks`` to ``max_tasks`` tasks."""

    cpu: int
    memory_mib: int
    min_tasks: int
    max_tasks: int

    def __post_init__(self) -> None:
        fitting = _MEMORY_MIB.get(self.cpu)
        if fitting is None:
            raise ValueError(f"Fargate would refuse {self.cpu} cpu; choose one of {sorted(_MEMORY_MIB)}")
        if self.memory_mib not in fitting:
            raise ValueError(
                f"Fargate would refuse {self.memory_mib} MiB with {self.cpu} cpu; choose one of {list(fitting)}"
            )
        if not 1 <= self.min_tasks <= self.max_tasks <= _MOST_TASKS:
            raise ValueError(
                f"{self.min_tasks} to {self.max_tasks} tasks: nobody would answer, or a flood of requests become a "
                f"bill; choose 1 to {_MOST_TASKS}, the least first"
            )


@dataclass(frozen=True, kw_only=True)
class Logs:
    group: pulumi.Input[str]
    region: str


def container_definitions(
    container: Container,
    *,
    port: int,
    environment: Mapping[str, pulumi.Input[str]],
    secrets: Mapping[str, pulumi.Input[str]],
    logs: Logs,
) -> pulumi.Output[str]:
    """``secrets`` maps a variable to the ARN of the secret that ECS puts there when the task starts."""
    definition: dict[str, Any] = {
        "name": CONTAINER,
        "image": container.image,
        "essential": True,
        "user": USER,
        "readonlyRootFilesystem": True,
        "linuxParameters": {
            "capabilities": {"drop": ["ALL"]},
            # Reaps what the program leaves behind, and hands it the signal to stop.
            "initProcessEnabled": True,
            "tmpfs": [
                {"containerPath": "/tmp", "size": SCRATCH_MIB, "mountOptions": ["rw", "noexec", "nosuid", "nodev"]}  # noqa: S108 (of the container)
            ],
        },
        "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"}],
        "environment": [{"name": name, "value": environment[name]} for name in sorted(environment)],
        "secrets": [{"name": name, "valueFrom": secrets[name]} for name in sorted(secrets)],
        "healthCheck": {
            "command": list(container.health_command),
            "interval": 15,
            "timeout": 5,
            "retries": 3,
            "startPeriod": _START_SECONDS,
        },
        "stopTimeout": _STOP_SECONDS,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": logs.group,
                "awslogs-region": logs.region,
                "awslogs-stream-prefix": "task",
                # A line that is lost while CloudWatch Logs is away harms less than a server that waits for it.
                "mode": "non-blocking",
                "max-buffer-size": "4m",
            },
        },
    }
    if container.command:
        definition["command"] = list(container.command)
    return pulumi.Output.json_dumps([definition])
