"""`[probing.storage]` of a configuration: how films are reached that are not on this machine. It holds no secret."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

SECRETS = (
    *("key", "secret", "token", "password", "access_key", "secret_key", "access_key_id", "secret_access_key"),
    *("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "session_token", "credentials"),
)
"""Names of keys whose values are kept and shown nowhere"""


class Storage(BaseModel, extra="forbid", frozen=True):
    """The keys of [probing.storage]. Credentials come from the environment and the files of AWS or Google."""

    endpoint_url: str | None = Field(default=None, min_length=1)
    """The address of a store that is not AWS or Google, such as MinIO: "https://minio.hospital.org:9000" """
    anon: bool = False
    """Whether a bucket is public, and read without credentials"""
    profile: str | None = Field(default=None, min_length=1)
    """A profile in the files of AWS"""
    http: bool = False
    """Whether films may be read from http:// and https:// addresses"""
    listing: bool = True
    """Whether the store is asked which films there are. If not, the names of a table are taken as they stand, and
    what is not there is set aside once it is read. A web server is never asked."""

    @model_validator(mode="before")
    @classmethod
    def _no_secrets(cls, values: Any) -> Any:
        if isinstance(values, dict):
            named = [name for name in values if str(name).lower() in SECRETS]
            if named:
                raise ValueError(
                    f"{named[0]} is a secret, and a configuration and its run file keep none: set "
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or name a profile"
                )
        return values

    @field_validator("endpoint_url")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        if address is not None:
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("it is no address: write https://host:port")
            if parts.username or parts.password or parts.query or parts.fragment:
                raise ValueError("an address has no user, password or ? in it: a run file keeps no secrets")
        return address
