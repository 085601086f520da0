"""The architecture diagram: what it shows is what the program registers, and it can be read."""

import dataclasses
import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from local import diagram
from local.diagram import STACKS, drawing_of, drawn, file_of, main
from local.diagram_geometry import BOX, Box, Point
from local.diagram_layout import COMMAND_PANEL, MACHINE_PANEL, TIMER_PANEL, Layout, layout_of
from local.diagram_model import NOT_DRAWN, PLACES, Kind, Model, NoPlace, Side, model_of
from local.diagram_svg import Drawing, fitted, text_width
from local.recording import RecordedResource, Recording
from tests.components.recordings import recorded
from tests.local.registered import policy, recording_of, registered
from tests.local.variants import VARIANTS, recorded_variant

FUNCTION = "aws:lambda/function:Function"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SCHEDULE = "aws:scheduler/schedule:Schedule"
LAMBDA_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:"
SVG = "{http://www.w3.org/2000/svg}"


def function(name: str, *statements: tuple[list[str], list[str]], **variables: str) -> list[RecordedResource]:
    component = registered("anime:aws:Function", name)
    made = registered(
        FUNCTION,
        f"{name}-function",
        parent=component,
        inputs={"description": f"Does {name}", "environment": {"variables": variables}},
        outputs={"arn": LAMBDA_ARN + name},
    )
    rights = registered(ROLE_POLICY, f"{name}-policy", parent=component, inputs={"policy": policy(*statements)})
    return [component, made, rights]


def machine(name: str, *called: str) -> list[RecordedResource]:
    component = registered("anime:aws:Machine", name)
    states = {f"S{n}": {"Resource": LAMBDA_ARN + function} for n, function in enumerate(called)}
    made = registered(
        "aws:sfn/stateMachine:StateMachine",
        f"{name}-machine",
        parent=component,
        inputs={"definition": json.dumps({"Comment": f"Runs {name}", "States": states})},
        outputs={"arn": f"arn:aws:states:eu-central-1:123456789012:stateMachine:{name}"},
    )
    may = (["lambda:InvokeFunction"], [LAMBDA_ARN + function for function in called])
    rights = registered(ROLE_POLICY, f"{name}-policy", parent=component, inputs={"policy": policy(may)})
    return [component, made, rights]


bucket = registered("anime:aws:PrivateBucket", "data")
objects = registered("aws:s3/bucket:Bucket", "data-bucket", parent=bucket, outputs={"arn": "arn:aws:s3:::data"})
topic = registered("anime:aws:AlarmTopic", "alarms")
topic_itself = registered("aws:sns/topic:Topic", "alarms-topic", parent=topic, outputs={"arn": "arn:aws:sns:::alarms"})
READS_DATA = (["s3:GetObject"], ["arn:aws:s3:::data/work/*"])
WRITES_DATA = (["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::data/work/*"])


def edges(model: Model) -> dict[tuple[str, str], Kind]:
    title = {node.key: node.title for node in model.nodes}
    return {(title[edge.source], title[edge.target]): edge.kind for edge in model.edges}


def edges_of(*resources: RecordedResource) -> dict[tuple[str, str], Kind]:
    return edges(model_of(recording_of(*resources)))


class TestModel:
    @pytest.mark.parametrize("stack", STACKS)
    def test_every_component_of_every_stack_has_a_place(self, stack: str) -> None:
        drawn_types = {node.type for node in model_of(recorded(stack)).nodes}
        components = {r.type for r in recorded(stack) if not r.custom}
        assert components - drawn_types <= set(NOT_DRAWN)

    def test_no_type_is_both_drawn_and_not(self) -> None:
        assert not PLACES.keys() & NOT_DRAWN.keys()

    def test_a_component_without_a_place_is_an_error_that_says_where_to_give_it_one(self) -> None:
        with pytest.raises(
            NoPlace, match=r"anime:aws:Clock .* add it to PLACES or NOT_DRAWN in local/diagram_model.py"
        ):
            model_of(recording_of(registered("anime:aws:Clock", "new")))

    def test_rights_become_edges(self) -> None:
        found = edges_of(bucket, objects, *function("reader", READS_DATA), *function("writer", READS_DATA, WRITES_DATA))
        assert found == {("reader", "data"): Kind.READS, ("writer", "data"): Kind.WRITES}

    def test_a_right_to_a_bucket_with_a_longer_name_is_none_to_ours(self) -> None:
        other = (["s3:GetObject"], ["arn:aws:s3:::data-of-others/*"])
        assert edges_of(bucket, objects, *function("reader", other)) == {}

    def test_executions_are_their_machines(self) -> None:
        arn = "arn:aws:states:eu-central-1:123456789012:"
        starts = (["states:StartExecution"], [f"{arn}stateMachine:enrichment"])
        looks = (["states:DescribeExecution"], [f"{arn}execution:enrichment:*"])
        found = edges_of(*machine("enrichment"), *function("starter", starts), *function("watcher", looks))
        assert found == {("starter", "enrichment"): Kind.STARTS, ("watcher", "enrichment"): Kind.READS}

    def test_a_timer_starts_what_it_refers_to(self) -> None:
        job = function("job")
        timers = registered("anime:aws:Schedules", "schedules")
        weekly = registered(
            SCHEDULE, "schedules-weekly", parent=timers, inputs={"description": "Saturday"}, needs=job[1:2]
        )
        assert edges_of(*job, timers, weekly) == {("weekly", "job"): Kind.STARTS}

    def test_what_a_timer_only_waits_for_is_no_edge(self) -> None:
        job = function("job")
        migration = registered("anime:mongo:CollectionsIndexes", "migration")
        run = registered("aws:lambda/invocation:Invocation", "migration-run", parent=migration, needs=[job[1], objects])
        assert edges_of(*job, bucket, objects, migration, run) == {("migration", "job"): Kind.STARTS}

    def test_a_database_user_is_the_function_whose_role_it_is(self) -> None:
        cluster = registered("anime:mongo:Cluster", "mongo")
        users = registered("anime:mongo:Users", "mongo-users")
        made = [cluster, users]
        for name, action in (("reader", "FIND"), ("writer", "INSERT")):
            component, *rest = function(name)
            role = registered("aws:iam/role:Role", f"{name}-role", parent=component, outputs={"arn": f"arn:{name}"})
            rights = registered(
                "mongodbatlas:index/customDbRole:CustomDbRole",
                f"may-{name}",
                parent=users,
                inputs={"roleName": name, "actions": [{"action": action, "resources": []}]},
            )
            user = registered(
                "mongodbatlas:index/databaseUser:DatabaseUser",
                f"user-{name}",
                parent=users,
                inputs={"username": f"arn:{name}", "roles": [{"roleName": name}]},
            )
            made += [component, *rest, role, rights, user]
        assert edges_of(*made) == {("reader", "mongo"): Kind.READS, ("writer", "mongo"): Kind.WRITES}

    @pytest.mark.parametrize(("access", "kind"), [("READ_ONLY", Kind.READS), ("READ_WRITE", Kind.WRITES)])
    def test_whoever_reads_a_key_of_the_index_does_what_the_key_may(self, access: str, kind: Kind) -> None:
        index = registered("anime:qdrant:Cluster", "qdrant")
        key = registered(
            "qdrant-cloud:index/accountsDatabaseApiKeyV2:AccountsDatabaseApiKeyV2",
            "qdrant-key",
            parent=index,
            inputs={"collectionAccessRules": [{"accessType": f"TYPE_{access}", "collectionName": "animes"}]},
        )
        secrets = registered("anime:aws:Credentials", "credentials")
        arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-1"
        secret = registered("aws:secretsmanager/secret:Secret", "credentials-key", parent=secrets, outputs={"arn": arn})
        value = registered(
            "aws:secretsmanager/secretVersion:SecretVersion",
            "credentials-key-value",
            parent=secrets,
            inputs={"secretId": arn},
            needs=[key],
        )
        found = edges_of(
            index, key, secrets, secret, value, *function("search", (["secretsmanager:GetSecretValue"], [arn]))
        )
        assert found["search", "qdrant"] is kind
        assert found["search", "credentials"] is Kind.READS

    def test_what_a_part_of_the_network_holds_stands_in_it(self) -> None:
        network = registered("anime:aws:Network", "network")
        groups = registered("anime:aws:SecurityGroups", "network-groups", parent=network)
        group = registered("aws:ec2/securityGroup:SecurityGroup", "network-groups-cache", parent=groups)
        cache = registered("anime:aws:Cache", "cache")
        servers = registered(
            "aws:elasticache/replicationGroup:ReplicationGroup", "cache-servers", parent=cache, needs=[group]
        )
        assert edges_of(network, groups, group, cache, servers) == {("cache", "network"): Kind.INSIDE}

    def test_the_outside_world_is_known_by_variables_and_arns(self) -> None:
        embeds = (["bedrock:InvokeModel"], ["arn:aws:bedrock:eu-central-1::foundation-model/titan"])
        found = edges_of(*function("load", embeds, HTTP_TRANSPORT="live"))
        assert found == {("load", "Amazon Bedrock"): Kind.USES, ("load", "catalogues"): Kind.USES}

    def test_the_real_program_shows_who_commits_and_who_serves(self) -> None:
        found = edges(model_of(recorded("dev")))
        assert found["commit-data", "data"] is Kind.WRITES
        assert found["images-cdn", "images"] is Kind.READS
        assert found["weekly-sync", "weekly-sync-starter"] is Kind.STARTS
        assert found["enrichment", "commit-data"] is Kind.STARTS
        assert ("assemble-entry", "images") not in found


def whole() -> Recording:
    """One of each way in which two things can be joined."""
    job, step, shared = function("job", WRITES_DATA), function("step", READS_DATA), function("shared")
    timers = registered("anime:aws:Schedules", "schedules")
    dlq = registered("anime:aws:DeadLetterQueue", "failures")
    messages = registered(
        "aws:sqs/queue:Queue", "failures-queue", parent=dlq, outputs={"arn": "arn:aws:sqs:::failures"}
    )
    alarm = registered(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "failures-alarm",
        parent=dlq,
        inputs={"alarmDescription": "It failed"},
        needs=[topic_itself],
    )
    nightly = registered(
        SCHEDULE, "schedules-nightly", parent=timers, inputs={"description": "Night"}, needs=[job[1], messages]
    )
    episodes = registered("anime:aws:EpisodeSchedules", "episodes")
    group_arn = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/episodes"
    group = registered(
        "aws:scheduler/scheduleGroup:ScheduleGroup", "episodes-group", parent=episodes, outputs={"arn": group_arn}
    )
    fills = function("fills", (["scheduler:CreateSchedule"], [group_arn.replace("-group", "") + "/*"]))
    hand = function("by-hand", (["states:StartExecution"], [machine("run")[1].outputs["arn"]]))
    resources = [*job, *step, *shared, *fills, *hand, *machine("run", "step", "shared"), *machine("other", "shared")]
    resources += [bucket, objects, topic, topic_itself, timers, dlq, messages, alarm, nightly, episodes, group]
    return recording_of(*resources)


def layouts() -> list[Layout]:
    recordings = [whole(), *(recorded(stack) for stack in STACKS), *(recorded_variant(name) for name in VARIANTS)]
    return [layout_of(model_of(recording)) for recording in recordings]


class TestLayout:
    def test_functions_stand_below_who_starts_them(self) -> None:
        panels = layout_of(model_of(whole())).panels
        found = [(panel.title, [box.node.title for box in panel.boxes]) for panel in panels]
        assert (TIMER_PANEL, ["job"]) in found
        assert (MACHINE_PANEL, ["run", "step"]) in found
        assert (COMMAND_PANEL, ["by-hand", "fills", "shared"]) in found

    def test_every_edge_is_drawn(self) -> None:
        for layout in layouts():
            ends = {box.node.key: box for panel in layout.panels for box in panel.boxes}
            for edge in layout.model.edges:
                if edge.target in layout.model.calls.get(edge.source, ()):
                    continue
                heights = [ends[edge.source].middle, ends[edge.target].middle]
                near = [mark for mark in layout.marks if min(abs(mark.y - y) for y in heights) < BOX / 2]
                tips = [wire.tip for wire in layout.wires if wire.tip and abs(wire.tip[1] - heights[1]) < BOX / 2]
                assert near or tips, f"{edge.source} -> {edge.target}"

    def test_a_mark_says_what_is_done(self) -> None:
        layout = layout_of(model_of(whole()))
        middle = [box for panel in layout.panels for box in panel.boxes if box.node.side is Side.MIDDLE]
        kinds = {box.node.title: _kinds_right_of(box, layout) for box in middle}
        assert kinds["job"] == {Kind.WRITES}
        assert kinds["step"] == {Kind.READS}
        assert kinds["by-hand"] == {Kind.STARTS}

    def test_every_mark_lies_where_two_wires_meet(self) -> None:
        for layout in layouts():
            segments = [pair for wire in layout.wires for pair in itertools.pairwise(wire.points)]
            for mark in layout.marks:
                through = [pair for pair in segments if _is_on(mark.x, mark.y, pair)]
                assert {start[0] == end[0] for start, end in through} == {True, False}, mark

    def test_no_wire_runs_through_a_box(self) -> None:
        for layout in layouts():
            boxes = [box for panel in layout.panels for box in panel.boxes]
            for wire, box in itertools.product(layout.wires, boxes):
                for start, end in itertools.pairwise(wire.points):
                    inside = (
                        max(start[0], end[0]) > box.x + 1
                        and min(start[0], end[0]) < box.right - 1
                        and max(start[1], end[1]) > box.y + 1
                        and min(start[1], end[1]) < box.y + BOX - 1
                    )
                    assert not inside, f"a wire runs through {box.node.title}"

    def test_no_two_lanes_lie_on_each_other(self) -> None:
        for layout in layouts():
            lanes: dict[float, list[tuple[float, float]]] = {}
            for wire in layout.wires:
                for start, end in itertools.pairwise(wire.points):
                    if start[0] == end[0]:
                        lanes.setdefault(start[0], []).append((min(start[1], end[1]), max(start[1], end[1])))
            for x, spans in lanes.items():
                ordered = sorted(spans)
                assert all(a[1] <= b[0] for a, b in itertools.pairwise(ordered)), f"two lanes at {x}"

    def test_nothing_stands_on_anything_else(self) -> None:
        for layout in layouts():
            panels = [(p.x, p.y, p.x + p.width, p.y + p.height) for p in layout.panels]
            assert not any(_overlap(a, b) for a, b in itertools.combinations(panels, 2))
            assert all(
                left > 0 and right < layout.width and bottom < layout.height for left, _, right, bottom in panels
            )


class TestText:
    def test_no_text_lies_on_another(self) -> None:
        for layout in layouts():
            texts = drawing_of(layout).written
            for one, other in itertools.combinations(texts, 2):
                assert not _overlap(one.box, other.box), f"{one.text!r} on {other.text!r}"

    def test_every_text_stays_in_its_box_and_on_the_page(self) -> None:
        for layout in layouts():
            boxes = [(b.x, b.y, b.right, b.y + BOX) for panel in layout.panels for b in panel.boxes]
            for text in drawing_of(layout).written:
                left, top, right, bottom = text.box
                assert right < layout.width
                assert bottom < layout.height
                for box in boxes:
                    if _overlap(text.box, box):
                        assert (left >= box[0], right <= box[2]) == (True, True), text.text
                        assert (top >= box[1] - 1, bottom <= box[3]) == (True, True), text.text

    def test_what_does_not_fit_is_cut_at_a_word(self) -> None:
        assert fitted("short", 10, 100) == "short"
        cut = fitted("a text that is much too long for the box", 10, 100)
        assert cut.endswith("…")
        assert "a text that is much too long".startswith(cut[:-1])
        assert text_width(cut, 10) <= 100

    def test_even_a_single_long_word_is_cut(self) -> None:
        assert text_width(fitted("m" * 50, 10, 100), 10) <= 100


class TestSvg:
    @pytest.mark.parametrize("stack", STACKS)
    def test_the_committed_one_is_that_of_the_program(self, stack: str) -> None:
        assert file_of(stack).read_text() == drawn(recorded(stack)), "run: make diagrams"

    def test_it_does_not_depend_on_what_completed_first(self) -> None:
        recording = whole()
        other = dataclasses.replace(recording, resources=recording.resources[::-1])
        assert drawn(other) == drawn(recording)

    def test_it_is_read_out_to_those_who_cannot_see_it(self) -> None:
        root = ET.fromstring(drawn(whole()))  # noqa: S314  (our own text)
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == "title description"
        assert root.findtext(f"{SVG}title") == "Architecture of shop, stack dev"
        assert "job writes to data." in (root.findtext(f"{SVG}desc") or "")

    def test_every_style_is_defined_for_light_and_for_dark_pages(self) -> None:
        text = drawn(whole())
        root = ET.fromstring(text)  # noqa: S314
        used = {name for element in root.iter() for name in (element.get("class") or "").split()}
        light, _, dark = (root.findtext(f"{SVG}style") or "").partition("@media (prefers-color-scheme: dark)")
        shape_alone = {"strong"}
        for name in used - shape_alone:
            for style in (light, dark):
                assert re.search(rf"\.{name}\b", style), name

    def test_it_has_its_own_paper(self) -> None:
        root = ET.fromstring(drawn(whole()))  # noqa: S314
        paper = next(root.iter(f"{SVG}rect"))
        assert (paper.get("class"), paper.get("width"), paper.get("height")) == (
            "paper",
            root.get("width"),
            root.get("height"),
        )

    def test_texts_of_others_cannot_break_it(self) -> None:
        drawing = Drawing()
        drawing.text("<&\"'>", 0, 10, 10, "ink")
        text = drawing.rendered(width=10, height=10, title="a<b", description="c&d", style="")
        assert ET.fromstring(text).findtext(f"{SVG}text") == "<&\"'>"  # noqa: S314


class TestCommand:
    @pytest.fixture(autouse=True)
    def elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "docs").mkdir()
        monkeypatch.setattr(diagram, "REPOSITORY", tmp_path)
        monkeypatch.setattr(diagram, "file_of", lambda stack: file_of(stack, tmp_path))
        monkeypatch.setattr(diagram, "record_program", lambda **_: whole())

    def test_what_was_made_is_up_to_date(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 0
        assert capsys.readouterr().out == "docs/architecture-dev.svg\ndocs/architecture-prod.svg\n"
        assert main(["--check"]) == 0

    def test_a_check_finds_what_is_missing_or_stale_and_writes_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file_of("dev", tmp_path).write_text("old")

        assert main(["--check"]) == 1

        assert "architecture-dev.svg is not what the program registers; run: make diagrams" in capsys.readouterr().err
        assert file_of("dev", tmp_path).read_text() == "old"
        assert not file_of("prod", tmp_path).exists()


def _kinds_right_of(box: Box, layout: Layout) -> set[Kind]:
    """In the gutter between the middle and the right."""
    end = min(b.x for panel in layout.panels for b in panel.boxes if b.node.side is Side.RIGHT)
    return {mark.kind for mark in layout.marks if mark.y == box.middle and box.right < mark.x < end}


def _is_on(x: float, y: float, segment: tuple[Point, Point]) -> bool:
    (x1, y1), (x2, y2) = segment
    return min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
