"""Objects of one S3 bucket."""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from botocore.exceptions import BotoCoreError, ClientError

from models.errors import AlreadyExists, BadInput, NotFound
from stores.aws_errors import answered, error_code, translated
from stores.batches import in_batches
from workflows.ports import ObjectInfo, ObjectWriter, StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_SIZE: Final = 8 * 1024 * 1024
"""S3 wants parts of at least 5 MiB, and takes 10,000 of them."""

_METADATA_LIMIT: Final = 2048
_DELETE_BATCH: Final = 1000
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_PRECONDITION: Final = frozenset({"412", "PreconditionFailed"})


class S3Objects:
    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str) -> StoredObject | None:
        with translated("s3 GetObject"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _MISSING:
                    return None
                raise
            # Not the body's own context, which gives the raw stream without botocore's checks and errors.
            with closing(answer["Body"]) as body:
                return StoredObject(info=_info(key, answer), body=body.read())

    def head(self, key: str) -> ObjectInfo | None:
        with translated("s3 HeadObject"):
            answer = self._head(key)
        return None if answer is None else _info(key, answer)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with translated("s3 GetObject"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _MISSING:
                    raise NotFound(f"no object {key}") from None
                raise
        with io.BufferedReader(_Body(answer["Body"]), buffer_size=1024 * 1024) as stream:
            yield stream

    def put(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> str:
        options: dict[str, Any] = {"ContentType": content_type, "Metadata": _checked_metadata(metadata)}
        if cache_control is not None:
            options["CacheControl"] = cache_control
        if if_absent:
            options["IfNoneMatch"] = "*"
        if if_match is not None:
            options["IfMatch"] = if_match
        with translated("s3 PutObject"):
            try:
                answer = self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **options)
            except ClientError as error:
                code = error_code(error)
                if code in _PRECONDITION or (if_match is not None and code in _MISSING):
                    raise AlreadyExists(f"{key} is not as the condition wants it") from None
                raise
        return answer["ETag"]

    @contextmanager
    def writer(
        self, key: str, *, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> Iterator[ObjectWriter]:
        writer = _Writer(self._client, self._bucket, key, content_type, _checked_metadata(metadata))
        try:
            yield writer
            writer.finish()
        except BaseException:
            writer.abort()
            raise

    def copy(self, source: str, target: str, *, metadata: Mapping[str, str] | None = None) -> None:
        with translated("s3 CopyObject"):
            there = self._head(source)
            if there is None:
                raise NotFound(f"no object {source}")
            options: dict[str, Any] = {}
            if metadata is not None:
                # With new metadata S3 also forgets the headers that the object came with.
                options = {"MetadataDirective": "REPLACE", "Metadata": _checked_metadata(metadata)}
                options |= {name: there[name] for name in ("ContentType", "CacheControl") if name in there}
            elif source == target:
                return  # S3 refuses a copy onto itself that changes nothing
            try:
                self._client.copy_object(
                    Bucket=self._bucket, Key=target, CopySource={"Bucket": self._bucket, "Key": source}, **options
                )
            except ClientError as error:
                if error_code(error) in _MISSING:
                    raise NotFound(f"no object {source}") from None
                raise

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix))
        while True:
            with translated("s3 ListObjectsV2"):
                page = next(pages, None)
            if page is None:
                return
            for item in page.get("Contents", ()):
                yield ObjectInfo(key=item["Key"], size=item["Size"], etag=item["ETag"])

    def delete(self, key: str) -> None:
        with translated("s3 DeleteObject"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def delete_prefix(self, prefix: str) -> int:
        if not prefix:
            raise BadInput("an empty prefix would delete the whole bucket")
        return sum(
            self._delete_all(keys) for keys in in_batches((info.key for info in self.list(prefix)), _DELETE_BATCH)
        )

    def _delete_all(self, keys: Iterable[str]) -> int:
        objects: Any = [{"Key": key} for key in keys]
        with translated("s3 DeleteObjects"):
            answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        for failure in answer.get("Errors", ()):
            raise answered("s3 DeleteObjects", failure.get("Code", "Unknown"), answer)
        return len(objects)

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            return dict(self._client.head_object(Bucket=self._bucket, Key=key))
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise


class _Body(io.RawIOBase):
    """An answer's body as a raw stream, whose errors are ours."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with translated("s3 GetObject"):
            data: bytes = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()


class _Writer:
    """Collects parts; becomes a multipart upload with the first full one, else one plain put."""

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str, metadata: dict[str, str]) -> None:
        self._client = client
        self._target: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._about: dict[str, Any] = {"ContentType": content_type, "Metadata": metadata}
        self._buffer = bytearray()
        self._upload: dict[str, Any] | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, data: bytes, /) -> int:
        self._buffer += data
        while len(self._buffer) >= PART_SIZE:
            part = bytes(self._buffer[:PART_SIZE])
            del self._buffer[:PART_SIZE]
            self._send(part)
        return len(data)

    def finish(self) -> None:
        if self._upload is None:
            with translated("s3 PutObject"):
                self._client.put_object(**self._target, Body=bytes(self._buffer), **self._about)
            return
        if self._buffer:
            self._send(bytes(self._buffer))
        with translated("s3 CompleteMultipartUpload"):
            parts: Any = {"Parts": self._parts}
            self._client.complete_multipart_upload(**self._upload, MultipartUpload=parts)

    def abort(self) -> None:
        """Parts that stay behind all the same are removed by the bucket's lifecycle rule."""
        if self._upload is not None:
            with suppress(BotoCoreError, ClientError):
                self._client.abort_multipart_upload(**self._upload)

    def _send(self, part: bytes) -> None:
        if self._upload is None:
            with translated("s3 CreateMultipartUpload"):
                created = self._client.create_multipart_upload(**self._target, **self._about)
            self._upload = {**self._target, "UploadId": created["UploadId"]}
        number = len(self._parts) + 1
        with translated("s3 UploadPart"):
            answer = self._client.upload_part(**self._upload, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})


def _info(key: str, answer: Any) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size=answer["ContentLength"],
        etag=answer["ETag"],
        metadata=dict(answer.get("Metadata", {})),
        content_type=answer.get("ContentType", ""),
    )


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """S3 keeps names in lower case, takes ASCII only and 2 KB in all.

    Raises:
        BadInput: it would be refused.
    """
    values = {name.lower(): value for name, value in (metadata or {}).items()}
    if not all(name.isascii() and value.isascii() for name, value in values.items()):
        raise BadInput("object metadata has to be ASCII; percent-encode it")
    if sum(len(name) + len(value) for name, value in values.items()) > _METADATA_LIMIT:
        raise BadInput(f"object metadata has at most {_METADATA_LIMIT:,} bytes")
    return values
