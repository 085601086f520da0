"""Which of our anime an entry of a release is.

An entry has no id: it **is** its set of source URLs, and entries merge and split between releases. Our anime and the
entries are the nodes of a graph, joined where they share a URL. Its connected components tell:

* one entry and one of ours: the entry is that anime,
* one entry and none of ours: a new anime,
* one of ours and no entry: not offered any more,
* anything else (an entry that touches two of ours, two entries that touch one, two entries that share a URL): a
  conflict, which a person has to look at.

So the result does not depend on the order of either side.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A conflict, by positions in ascending order."""

    ours: tuple[int, ...]
    entries: tuple[int, ...]


@dataclass(kw_only=True, slots=True)
class Matching:
    """Positions are those of the two iterables that were matched, from 0.

    ``partner``: by entry, the position of the anime that it is; negative for new entries and conflicts.
    """

    partner: Sequence[int]
    new: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    conflicts: list[Component] = field(default_factory=list)


class _Components:
    """Union-find over node numbers; a root is its component's smallest number."""

    def __init__(self) -> None:
        self.parent = array("l")

    def add(self) -> int:
        node = len(self.parent)
        self.parent.append(node)
        return node

    def root(self, node: int) -> int:
        parent = self.parent
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    def join(self, left: int, right: int) -> None:
        low, high = sorted((self.root(left), self.root(right)))
        self.parent[high] = low


def match(ours: Iterable[Iterable[str]], entries: Iterable[Iterable[str]]) -> Matching:
    """Match canonical source URLs of our anime with those of a release's entries; each side is read once, as a stream.

    An anime or entry without any URL stands alone.
    """
    components = _Components()
    node_of: dict[str, int] = {}
    for sources in ours:
        _link(components, node_of, sources)
    count_ours = len(components.parent)
    for sources in entries:
        _link(components, node_of, sources)
    node_of.clear()
    return _judge(components, count_ours)


def _link(components: _Components, node_of: dict[str, int], sources: Iterable[str]) -> None:
    node = components.add()
    for url in sources:
        other = node_of.setdefault(url, node)
        if other != node:
            components.join(other, node)


def _judge(components: _Components, count_ours: int) -> Matching:
    """Ours have the numbers below ``count_ours``, entries those from it on."""
    roots = array("l", map(components.root, range(len(components.parent))))
    ours_in = array("l", bytes(roots.itemsize * len(roots)))
    entries_in = array("l", ours_in)
    for node, root in enumerate(roots):
        (ours_in if node < count_ours else entries_in)[root] += 1

    partner = array("l", [-1]) * (len(roots) - count_ours)
    matching = Matching(partner=partner)
    conflicts: dict[int, list[int]] = defaultdict(list)
    for node, root in enumerate(roots):
        counts = (ours_in[root], entries_in[root])
        if counts[1] == 0:
            matching.missing.append(node)
        elif counts == (0, 1):
            matching.new.append(node - count_ours)
        elif counts != (1, 1):
            conflicts[root].append(node)
        elif node != root:
            partner[node - count_ours] = root
    matching.conflicts.extend(_component(nodes, count_ours) for nodes in conflicts.values())
    return matching


def _component(nodes: Sequence[int], count_ours: int) -> Component:
    return Component(
        ours=tuple(node for node in nodes if node < count_ours),
        entries=tuple(node - count_ours for node in nodes if node >= count_ours),
    )
