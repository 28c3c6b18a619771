"""An S3 server of moto on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The server, and its buckets as they lie in this process."""

    url: str

    def fill(self, bucket: str, files: Mapping[str, bytes]) -> None:
        """Makes a bucket of these objects, by their keys."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        backend.create_bucket(bucket, "us-east-1")
        for key, data in files.items():
            backend.put_object(bucket, key, data)

    def copy(self, bucket: str, folder: Path, prefix: str) -> None:
        """Makes a bucket of a folder's files."""
        files = (path for path in folder.rglob("*") if path.is_file())
        self.fill(bucket, {f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files})


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield ObjectStore(f"http://{host}:{port}")
    finally:
        server.stop()
        s3_backends.reset()
