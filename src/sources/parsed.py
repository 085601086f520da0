"""Recordings that were parsed before they were recorded: what a live answer's parser would have made of it."""

from collections.abc import Mapping
from typing import Any

import orjson

from models.errors import Malformed
from models.events import Catalogue
from sources.http import Response
from sources.paging import expect_object


def parsed_answer(response: Response, catalogue: Catalogue) -> Mapping[str, Any]:
    """Raises:
    Malformed: the recording is no JSON object.
    """
    try:
        found = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        raise Malformed(f"{catalogue} anime: the recorded answer is not JSON") from None
    return expect_object(found, catalogue, "anime")
