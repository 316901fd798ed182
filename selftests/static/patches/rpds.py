# SPDX-License-Identifier: GPL-2.0
"""What of the library rpds (persistent containers, compiled) dt-schema's own
libraries use, made of Python's containers: Debian 12 has no rpds, and the newest
kernel wants a newer dt-schema than Debian 12's. Slower where much is inserted.
"""


class HashTrieMap(dict):
    """A dictionary; what changes it makes another one."""

    @classmethod
    def convert(cls, value):
        return value if isinstance(value, cls) else cls(value)

    def insert(self, key, value):
        made = HashTrieMap(self)
        made[key] = value
        return made

    def remove(self, key):
        made = HashTrieMap(self)
        del made[key]
        return made

    def update(self, *others, **more):
        made = HashTrieMap(self)
        for other in others:
            dict.update(made, other)
        dict.update(made, more)
        return made


class HashTrieSet(frozenset):
    """A set; what changes it makes another one."""

    def insert(self, value):
        return HashTrieSet(self | {value})

    def discard(self, value):
        return HashTrieSet(self - {value})

    def update(self, *others):
        return HashTrieSet(self.union(*others))


class List(tuple):
    """A list that grows at its front; what changes it makes another one."""

    def push_front(self, value):
        return List((value, *self))
