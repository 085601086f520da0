"""The desk at which people decide: the function that lists, shows and decides reviews.

It is called by people and waits for nobody, so no queue catches its failures; an alarm tells of them instead. Another
one tells that a review has waited too long. The page that asks it stands before the same function.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.aws.alarms import OwnMetric, Watch, alarm_above, alarm_above_zero, measured


@dataclass(frozen=True, kw_only=True)
class ReviewArgs:
    """``function_names`` maps a role (``decides``, ``requests``) to the physical name of the function that fills it.

    ``remind_after_hours``: a review that has waited longer rings.
    """

    name_prefix: str
    stack: str
    function_names: Mapping[str, pulumi.Input[str]]
    remind_after_hours: int
    alarm_topic_arn: pulumi.Input[str]

    def __post_init__(self) -> None:
        if "decides" not in self.function_names:
            raise ValueError("nobody could decide a review: give the function that decides")
        if self.remind_after_hours < 1:
            raise ValueError("every review would ring before anybody could look; give at least an hour")


class Review(pulumi.ComponentResource):
    def __init__(self, name: str, args: ReviewArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Review", name, None, opts)
        for role, function_name in args.function_names.items():
            alarm_above_zero(
                f"{name}-{role}-alarm",
                Watch(
                    alarm_name=f"{args.name_prefix}-review-{role}-failed",
                    namespace="AWS/Lambda",
                    metric="Errors",
                    statistic="Sum",
                    dimensions={"FunctionName": function_name},
                    meaning=f"The function that {role} reviews failed: executions may wait for nothing; see its log",
                ),
                topic_arn=args.alarm_topic_arn,
                parent=self,
            )
        alarm_above(
            f"{name}-waiting-alarm",
            measured(
                OwnMetric.OLDEST_REVIEW_HOURS,
                stack=args.stack,
                alarm_name=f"{args.name_prefix}-review-waiting",
                meaning=f"A review has waited more than {args.remind_after_hours} hours and may expire: decide it, see "
                "`anime review list`",
            ),
            limit=args.remind_after_hours,
            topic_arn=args.alarm_topic_arn,
            parent=self,
        )
        self.function_name = pulumi.Output.from_input(args.function_names["decides"])
        self.register_outputs({"function_name": self.function_name})
