"""Secrets in files: one secret, one file, readable by its owner alone."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from eventlog.errors import SecretError

SECRET_BYTES: Final = 24


class SecretStore:
    """A folder of secrets, each a file with mode 0600, made at first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return where the secret `name` lies, for processes that read it themselves."""
        if not name or not all(part.replace("-", "").isalnum() for part in name.split("/")):
            raise SecretError(f"secret name {name!r}: letters, digits, '-' and '/' are allowed")
        return self.folder / name

    def get_or_create(self, name: str) -> str:
        """Return the secret `name`, generating it when there is none yet."""
        path = self.path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(SECRET_BYTES))
            try:
                os.link(draft, path)  # whoever links first has made the secret
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return self.get(name)

    def get(self, name: str) -> str:
        """Return the secret `name`.

        Raises:
            SecretError: the file is missing, empty, or readable by group or others.
        """
        return read_secret(self.path(name))


def read_secret(path: Path) -> str:
    """Return the secret in the file `path`, refusing one that others could have read.

    Raises:
        SecretError: the file is missing, empty, or readable by group or others.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text().strip()
    except OSError as error:
        raise SecretError(f"secret file {path}: {error.strerror}") from error
    if mode & 0o077:
        raise SecretError(
            f"secret file {path}: mode {mode:04o} found, 0600 is allowed; chmod 600 it"
        )
    if not text:
        raise SecretError(f"secret file {path}: it is empty")
    return text
