"""Whatever is put and dropped in whichever order, one transaction makes the kernel hold what should be."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from haechi.dataplane.changing import ChangingNouns
from haechi.nft import (
    ACCEPT,
    Chain,
    Ct,
    CtDirection,
    CtKey,
    DataType,
    Lookup,
    Map,
    Rule,
    Ruleset,
    Set,
    Table,
    Transaction,
    Verdict,
    VerdictMap,
    goto,
)
from haechi.testing import FakeNftables

TABLE = Table("t")
CHAINS, SETS, MAPS = ("a", "b"), ("s", "u"), ("m", "n")
CLIENT = Ct(CtKey.SADDR_IP, CtDirection.ORIGINAL)
KEYS = st.integers(1, 4)


class Changing(RuleBasedStateMachine):
    """Nouns beside a kernel. Chains refer to sets and maps, and maps to leaves, that are there."""

    def __init__(self) -> None:
        super().__init__()
        self.nouns = ChangingNouns()
        self.kernel = FakeNftables()
        transaction = Transaction(TABLE)
        transaction.add_table()
        self.kernel.commit(transaction)
        self.there: set[str] = set()
        self.leaves: set[str] = set()

    def _chain(self, name: str) -> Chain:
        rules = [Rule((Lookup((CLIENT,), each), ACCEPT)) for each in SETS if each in self.there]
        rules += [Rule((VerdictMap((CLIENT,), each),)) for each in MAPS if each in self.there]
        return Chain(name, tuple(rules))

    def _relate(self) -> None:
        """Chains ask exactly what is there."""
        for name in CHAINS:
            if name in self.there:
                self.nouns.put_chain(self._chain(name))

    @rule(name=st.sampled_from((*SETS, *MAPS)), keys=st.sets(KEYS))
    def toggle_container(self, name: str, keys: set[int]) -> None:
        if name in self.there:
            self.there.remove(name)
            self.nouns.drop_container(name)
        else:
            self.there.add(name)
            kind, verdict = (Set, None) if name in SETS else (Map, ACCEPT)
            self.nouns.put_container(kind(name, (DataType.IPV4_ADDR,)), dict.fromkeys(keys, verdict))
        self._relate()

    @rule(name=st.sampled_from(CHAINS))
    def toggle_chain(self, name: str) -> None:
        if name in self.there:
            self.there.remove(name)
            self.nouns.drop_chain(name)
        else:
            self.there.add(name)
            self.nouns.put_chain(self._chain(name))

    @precondition(lambda self: self.there & {*SETS, *MAPS})
    @rule(key=KEYS, leaf=st.sampled_from(("", "x", "y")), data=st.data())
    def put_element(self, key: int, leaf: str, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.there & {*SETS, *MAPS})))
        verdict: Verdict | None = None
        if name in MAPS:
            verdict = goto(leaf) if leaf else ACCEPT
            if leaf:
                self.leaves.add(leaf)
                self.nouns.put_chain(Chain(leaf, (Rule((ACCEPT,)),)))
        self.nouns.put_element(name, key, verdict)

    @precondition(lambda self: self.there & {*SETS, *MAPS})
    @rule(key=KEYS, data=st.data())
    def drop_element(self, key: int, data: st.DataObject) -> None:
        self.nouns.drop_element(data.draw(st.sampled_from(sorted(self.there & {*SETS, *MAPS}))), key)

    @rule()
    def drop_leaves(self) -> None:
        wanted = {
            each.verdict.chain
            for noun in self.nouns.nouns()
            if isinstance(noun, Map)
            for each in noun.elements
            if each.verdict
        }
        for name in self.leaves - wanted:
            self.leaves.remove(name)
            self.nouns.drop_chain(name)

    @rule()
    def commit(self) -> None:
        transaction = Transaction(TABLE)
        self.nouns.make(transaction)
        self.nouns.unmake(transaction)
        self.kernel.commit(transaction)
        self.nouns.settle()

    @invariant()
    def one_transaction_is_enough(self) -> None:
        transaction = Transaction(TABLE)
        self.nouns.make(transaction)
        self.nouns.unmake(transaction)
        kernel = FakeNftables()
        before = self.kernel.ruleset(TABLE.name)
        assert before is not None
        again = Transaction(TABLE)
        again.add_ruleset(before)
        kernel.commit(again)
        if len(transaction):
            kernel.commit(transaction)
        assert kernel.ruleset(TABLE.name) == Ruleset.of(TABLE, *self.nouns.nouns())


TestChanging = Changing.TestCase
TestChanging.settings = settings(max_examples=40, stateful_step_count=20)
