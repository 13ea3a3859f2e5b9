"""Default and replacement data of a bulk mail entry.

SendBulkEmail and SendBulkTemplatedEmail render each entry with the default
template data, overridden by the entry's replacement data.
"""

from __future__ import annotations


def merge_data(default: dict[str, object], replacement: dict[str, object]) -> dict[str, object]:
    """Lay replacement over default, key by key and recursively.

    Where both hold an object the objects are merged; a list or scalar (null, too) replaces what was there as a
    whole. The arguments stay as they are; values that need no merging are shared with the result.
    """
    merged = dict(default)
    # Iterative, because callers choose how deep their objects nest.
    open_pairs = [(merged, replacement)]
    while open_pairs:
        target, source = open_pairs.pop()
        for key, value in source.items():
            present = target.get(key)
            if isinstance(present, dict) and isinstance(value, dict):
                copy = dict(present)
                target[key] = copy
                open_pairs.append((copy, value))
            else:
                target[key] = value
    return merged
