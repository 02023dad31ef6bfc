"""Where secrets are kept: the keyring of the system where one works, else sealed in a file.

Knows the `keyring` and `cryptography` libraries, and nothing of what a secret is for. A sealed text
is safe in a copy, a backup or a repository; it is not from someone who can read the files of this
user, as the key to it lies among them (on a server, in the environment).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..connectors.base.login import Secret
from ..errors import UsageError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SERVICE = "syncrules"
"""What our secrets are called in a keyring."""
KEY = "SYNCRULES_KEY"
"""The variable that holds the key on a server: 32 bytes in base64."""
_IN_KEYRING, _SEALED = "keyring:", "sealed:"


class Vault:
    """Keeps secrets, and gives for each the text by which it is found again."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def keep(self, name: str, secret: Secret) -> str:
        """Keeps a secret under a name that no other has; the text tells where, and is no secret."""
        library = None if self._environ.get(KEY) else _library()
        if library is not None:
            try:
                library.set_password(SERVICE, name, secret.reveal())
                return f"{_IN_KEYRING}{name}"
            except (library.errors.KeyringError, OSError, RuntimeError):
                pass  # It is locked, or nobody is there to unlock it: the file always works.
        return _SEALED + self._fernet(new=True).encrypt(secret.reveal().encode()).decode()

    def open(self, kept: str) -> Secret:
        """The secret behind a text of `keep`. `UsageError` where it can't be had any more."""
        if kept.startswith(_IN_KEYRING):
            return from_keyring(kept.removeprefix(_IN_KEYRING), "a login")
        from cryptography.fernet import InvalidToken

        try:
            text = self._fernet().decrypt(kept.removeprefix(_SEALED).encode())
            return Secret(text.decode())
        except InvalidToken:
            raise UsageError(
                "a login can't be opened",
                why="it was sealed with another key than the one here",
                fix=f"use the key that it was sealed with ({self._place()}), or connect again",
            ) from None

    def drop(self, kept: str) -> None:
        """Forgets a secret; what is sealed is gone with its text."""
        library = _library()
        if kept.startswith(_IN_KEYRING) and library is not None:
            # Gone already, or locked: what is in it was ended at the system.
            with suppress(library.errors.KeyringError, OSError, RuntimeError):
                library.delete_password(SERVICE, kept.removeprefix(_IN_KEYRING))

    def _place(self) -> str:
        return KEY if self._environ.get(KEY) else str(_key_file(self._environ))

    def _fernet(self, *, new: bool = False) -> Fernet:
        """What seals and opens; `new`: a key is made where there is none."""
        from cryptography.fernet import Fernet

        written = self._environ.get(KEY, "")
        path = _key_file(self._environ)
        key = written or _read_key(path, Fernet.generate_key().decode() if new else "")
        try:
            return Fernet(key.strip().translate(str.maketrans("+/", "-_")))
        except ValueError:
            raise UsageError(
                f"{KEY if written else path} holds no key",
                why="a key is 32 bytes in base64",
                fix="make one with `openssl rand -base64 32`; what another sealed, it can't open",
            ) from None


def from_keyring(name: str, called: str) -> Secret:
    """What the system's keyring holds under `syncrules` and a name. `called` is what messages call
    it. Raises `UsageError` where it holds nothing."""
    library = _library()
    if library is None:
        raise UsageError(
            f"{called} is in the keyring of the system, and there is none that works here",
            fix="install it (`pip install 'syncrules[keyring]'`), or point to `env:` or `file:`",
        )
    try:
        text = library.get_password(SERVICE, name)
    except (library.errors.KeyringError, OSError, RuntimeError) as error:
        raise UsageError(
            f"{called} can't be read from the keyring of the system",
            why=" ".join(str(error).split()) or type(error).__name__,
            fix="unlock it, then try again",
        ) from None
    if not text:
        raise UsageError(
            f"the keyring of the system holds no `{name}`",
            why=f"{called} is kept there",
            fix=f"put it there: `keyring set {SERVICE} {name}`",
        )
    return Secret(str(text).strip())


def to_keyring(name: str, secret: Secret) -> None:
    """Puts a secret where `from_keyring` finds it. Raises `UsageError` where no keyring works."""
    why, library = "there is none that works here", _library()
    if library is not None:
        try:
            library.set_password(SERVICE, name, secret.reveal())
            return
        except (library.errors.KeyringError, OSError, RuntimeError) as error:
            why = " ".join(str(error).split()) or type(error).__name__
    raise UsageError(
        f"`{name}` can't be put into the keyring of the system",
        why=why,
        fix="take the line out of syncrules.toml, and it is kept in a sealed file",
    )


def _library() -> ModuleType | None:
    """The keyring library, where it is installed and has a keyring that works."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    try:
        works = float(keyring.get_keyring().priority) > 0
    except (keyring.errors.KeyringError, OSError, RuntimeError, TypeError, ValueError):
        return None
    return keyring if works else None


def _key_file(environ: Mapping[str, str]) -> Path:
    """The key in the configuration home of the XDG base directory specification."""
    base = environ.get("XDG_CONFIG_HOME", "")
    home = Path(base) if os.path.isabs(base) else Path.home() / ".config"
    return home / "syncrules" / "key"


def _read_key(path: Path, new: str) -> str:
    """The key in a file that only its owner may read, made with `new` where it isn't there."""
    try:
        if new and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f"key.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as to:
                to.write(new)
            try:
                os.link(draft, path)  # Of two that make one at once, the first counts.
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(
                f"{path} can be read by others",
                why="it is the key to the logins of this user",
                fix=f"chmod 600 {path}",
            )
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"the key {path} can't be read",
            why=why or "",
            fix=f"put it back, or set {KEY}; without it, connect again",
        ) from None
