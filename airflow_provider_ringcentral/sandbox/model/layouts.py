"""How the calls of the sandbox lie in time."""

from __future__ import annotations

from bisect import bisect_left

NAMES = ("even", "milliseconds", "instants:N", "clusters:N")


class Layout:
    """When call number `index` started; number 0 is the newest, times never rise with the index.

    `text` is one of

    - `even`: spread evenly over the window,
    - `milliseconds`: one millisecond apart, ending at the window's end,
    - `instants:N`: groups of N calls that start in the same millisecond, the groups spread evenly,
    - `clusters:N`: groups of N calls one millisecond apart, the groups spread evenly.

    Every time lies in `start <= t < end`.
    """

    def __init__(self, text: str, calls: int, start: int, end: int) -> None:
        kind, _, number = text.partition(":")
        self.calls, self.start, self.end = calls, start, end
        self.group, self.gap = 1, 0
        if kind == "milliseconds" and not number:
            self.group, self.gap = max(calls, 1), 1
        elif kind in {"instants", "clusters"} and number.isdecimal() and int(number) > 0:
            self.group, self.gap = int(number), int(kind == "clusters")
        elif text != "even":
            raise ValueError(f"layout {text!r} is none of {', '.join(NAMES)}")
        if end <= start:
            raise ValueError("the window of the calls ends before it starts")
        self.groups = max(1, -(-calls // self.group))
        self.span = end - start
        if (min(self.group, max(calls, 1)) - 1) * self.gap >= max(self.span // self.groups, 1):
            raise ValueError(f"layout {text!r} does not fit {calls} calls into {self.span} ms")

    def time(self, index: int) -> int:
        """Start of a call, in milliseconds since 1970."""
        group, rank = divmod(index, self.group)
        return self.end - 1 - group * self.span // self.groups - rank * self.gap

    def first_not_after(self, moment: int) -> int:
        """The index of the newest call with `time <= moment`; the number of calls when there is none."""
        return bisect_left(range(self.calls), -moment, key=lambda index: -self.time(index))
