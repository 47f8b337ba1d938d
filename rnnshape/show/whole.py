"""A file that is written whole, or not at all.

A new text is complete on the disk before anybody sees it: in a file without a name, which nothing is left of when the
process is killed, where the system has such files. It then takes the place of the old file in one step, with its owner,
group, permissions and extended attributes.

Where another file in the place of the old one would not do, the old one is written to: it has other names (hard links),
its folder lets no file be replaced, or its owner could not be kept. An error puts its text back; only a kill in the
middle of it does not.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator

_WITHOUT_NAMELESS = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
"""What a system, or a file system, says that has no files without a name."""

_GET_FLAGS, _APPEND_ONLY = 0x80086601, 0x20
"""FS_IOC_GETFLAGS and FS_APPEND_FL of `linux/fs.h`."""


def write(path: str, text: str) -> None:
    """Write the text to the file, in UTF-8.

    Raises:
        OSError: it cannot be written; a file that was there is as it was.

    """
    # What a symbolic link points to is written, and the link stays one.
    target = os.path.realpath(path)
    data = text.encode("utf-8")
    try:
        old = os.stat(target)  # noqa: PTH116
    except FileNotFoundError:
        old = None
    if old is None or _may_be_replaced(target, old):
        _write_anew(target, data, old)
    else:
        _write_in_place(target, data)


def _may_be_replaced(target: str, old: os.stat_result) -> bool:
    """Tell whether another file in the place of this one is the same to everybody."""
    if old.st_nlink > 1 or _is_append_only(os.path.dirname(target)):  # noqa: PTH120
        return False
    is_ours = old.st_uid == os.geteuid() and old.st_gid in (os.getegid(), *os.getgroups())
    return is_ours or os.geteuid() == 0 or not os.access(target, os.W_OK)


def _is_append_only(folder: str) -> bool:
    """Tell whether files can be made in the folder, but neither renamed nor removed (`chattr +a`)."""
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        return False
    try:
        flags = fcntl.ioctl(descriptor, _GET_FLAGS, bytes(8))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return bool(flags[0] & _APPEND_ONLY)


def _write_anew(target: str, data: bytes, old: os.stat_result | None) -> None:
    folder = os.path.dirname(target)  # noqa: PTH120
    temporary = os.path.join(folder, f".rnnshape-{secrets.token_hex(8)}.tmp")  # noqa: PTH118
    with _removed_on_failure(temporary), _new_file(folder, temporary) as (descriptor, is_nameless):
        _write_all(descriptor, data)
        if old is not None:
            _keep(descriptor, target, old)
        os.fsync(descriptor)
        if is_nameless:
            if old is None:
                with contextlib.suppress(FileExistsError):
                    _name(descriptor, target)
                    return
            _name(descriptor, temporary)
        os.replace(temporary, target)  # noqa: PTH105


@contextlib.contextmanager
def _removed_on_failure(path: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        raise


@contextlib.contextmanager
def _new_file(folder: str, path: str) -> Iterator[tuple[int, bool]]:
    """Yield the descriptor of a new file in the folder, and whether it is nameless; else it is at the path."""
    descriptor = _nameless(folder)
    is_nameless = descriptor is not None
    if descriptor is None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        yield descriptor, is_nameless
    finally:
        os.close(descriptor)


def _nameless(folder: str) -> int | None:
    """Return the descriptor of a new file without a name; None where there is no such thing, or no way to name it."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except OSError as error:
        if error.errno in _WITHOUT_NAMELESS:
            return None
        raise


def _name(descriptor: int, path: str) -> None:
    """Give a nameless file a name."""
    folder = os.open(os.path.dirname(path), os.O_RDONLY)  # noqa: PTH120
    try:
        # With a folder's descriptor Python makes the call that follows the link in /proc to the file itself.
        os.link(f"/proc/self/fd/{descriptor}", os.path.basename(path), dst_dir_fd=folder, follow_symlinks=True)  # noqa: PTH119
    finally:
        os.close(folder)


def _keep(descriptor: int, target: str, old: os.stat_result) -> None:
    """Give the new file the owner, the permissions and the extended attributes of the old one, as far as we may."""
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(target):
                with contextlib.suppress(OSError):
                    os.setxattr(descriptor, name, os.getxattr(target, name))


def _write_in_place(target: str, data: bytes) -> None:
    descriptor = os.open(target, os.O_RDWR)
    try:
        with open(os.dup(descriptor), "rb") as stream:  # noqa: PTH123
            old = stream.read()
        try:
            _overwrite(descriptor, data)
        except BaseException:
            with contextlib.suppress(OSError):
                _overwrite(descriptor, old)
            raise
    finally:
        os.close(descriptor)


def _overwrite(descriptor: int, data: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    _write_all(descriptor, data)
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
