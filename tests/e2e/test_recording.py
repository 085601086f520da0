"""A laptop that records live answers: it has its own tokens, the catalogues get them, and no file does."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from components.aws.secrets_manager import CATALOGUE_SECRETS
from models.events import Catalogue, EnrichmentSubject
from models.ids import mint_anime_id
from scripts.made_up_series import SOURCES
from sources.registry import catalogue_clients
from sources.replay import ReplayTransport
from stores.secrets import read_secret
from tests.support.catalogue_server import good_body, media_type
from tests.support.http_server import Asked, Server, answer, serve
from tests.support.local_stack import World, running

pytestmark = pytest.mark.e2e

TOKENS: Final = {"jikan": "a-server-key", "animeschedule": "an-application-token", "anidb": "registered/3"}
ANIME: Final = mint_anime_id(SOURCES[0])
SUBJECT_KEY: Final = "work/recording/subject.json"


def catalogues(asked: Asked, connection: socket.socket) -> None:
    """All of them at one server, a folder each; their answers tell what they were shown."""
    name = asked.target.split("/")[1]
    body = good_body(Catalogue(name), asked, base_path=f"/{name}")
    shown = " ".join([*asked.headers.values(), asked.target]).encode()
    if body.startswith(b"{"):
        body = json.dumps({**json.loads(body), "shown": shown.decode()}).encode()
    answer(body, content_type=media_type(Catalogue(name)))(asked, connection)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(catalogues) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recorded")


@pytest.fixture(scope="module")
def world(root: Path, server: Server, folder: Path) -> Iterator[World]:
    with running(
        root,
        record=folder,
        catalogueUrls=json.dumps({catalogue.value: f"{server.url}/{catalogue}" for catalogue in Catalogue}),
        cataloguePaces=json.dumps({catalogue.value: 6000 for catalogue in set(Catalogue) - {Catalogue.ANIDB}}),
        pageCatalogues='["animeplanet", "anisearch"]',
    ) as stack:
        secrets = stack.session.client("secretsmanager")
        for catalogue, token in TOKENS.items():
            name = f"anime-infra-local-catalogue-{catalogue}"
            assert read_secret(secrets, name) is None
            secrets.put_secret_value(SecretId=name, SecretString=token)
        subject = EnrichmentSubject(anime_id=ANIME, sources=SOURCES, title="Long")
        stack.session.s3.put_object(
            Bucket=stack.session.data_bucket, Key=SUBJECT_KEY, Body=subject.model_dump_json().encode()
        )
        yield stack


def fetch(world: World, catalogue: Catalogue) -> Any:
    """The first step, as the machine asks for it."""
    ref = {"execution": f"new-{ANIME}-1", "anime_id": ANIME, "mode": "new", "entry_key": SUBJECT_KEY}
    return world.session.invoke("fetch_source", {"ref": ref, "catalogue": catalogue.value, "cursor": None})


def test_there_is_a_token_for_every_catalogue_that_can_be_shown_one() -> None:
    assert TOKENS.keys() == CATALOGUE_SECRETS.keys()


def test_every_catalogue_is_recorded_with_its_token_shown_and_not_written_down(
    world: World, server: Server, folder: Path
) -> None:
    for catalogue in Catalogue:
        assert fetch(world, catalogue)["status"] == "ok"

    headers = {asked.target.split("/")[1]: asked.headers for asked in server.asked}
    assert headers["jikan"]["x-server-key"] == TOKENS["jikan"]
    assert headers["animeschedule"]["authorization"] == f"Bearer {TOKENS['animeschedule']}"
    assert [asked.target for asked in server.asked if "client=registered&clientver=3" in asked.target]

    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert {file.parent.name for file in files} == set(Catalogue)
    assert len(files) == len(server.asked)
    written = [file.name.encode() + file.read_bytes() for file in files]
    for file in files:
        assert (b"REDACTED" in file.read_bytes()) == (file.parent.name in {"jikan", "animeschedule"})
    assert not [text for text in written if any(token.encode() in text for token in TOKENS.values())]

    replayed = catalogue_clients(ReplayTransport(folder), {}, {}, sleep=lambda _: None)
    for catalogue in Catalogue:
        assert replayed[catalogue].fetch(SOURCES, cursor=None).answers["anime"]


def test_anidb_is_not_asked_again_by_the_next_stack_that_records_into_the_folder(
    world: World, server: Server, folder: Path
) -> None:
    """Which remembers nothing of this one."""
    assert fetch(world, Catalogue.ANIDB)["status"] == "ok"
    before = len(server.asked)
    with Redis.from_url(world.stack.description["redis_url"]) as memory:
        memory.flushall()
    assert fetch(world, Catalogue.ANIDB)["status"] == "ok"
    assert len(server.asked) == before
