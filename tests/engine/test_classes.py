"""One policy set for each class of pods, never older than its policies."""

from __future__ import annotations

from haechi.engine.classes import Classes
from haechi.engine.endpoint import NamedPort
from haechi.engine.policy import Policy
from haechi.engine.selection import ANYWHERE
from haechi.model.verdict import Direction, PolicyKey
from haechi.sets import PortSet
from tests.building import policy

INGRESS, EGRESS = Direction
P, Q = PolicyKey("x", "p"), PolicyKey("x", "q")
WEB = NamedPort(6, "web", 80)
OTHER_WEB = NamedPort(6, "web", 8080)
DNS = NamedPort(17, "dns", 53)


def policies(p: str = "{}", q: str = "{}") -> dict[PolicyKey, Policy]:
    return {P: Policy.read(policy(p, name="p")), Q: Policy.read(policy(q, name="q"))}


def test_the_same_policies_in_any_order_are_one_class() -> None:
    classes, known = Classes(), policies()
    one = classes.get(INGRESS, frozenset({P, Q}), known, ())
    assert classes.get(INGRESS, [Q, P], known, ()) is one
    assert classes.get(INGRESS, [P], known, ()) is not one
    assert classes.get(EGRESS, [Q, P], known, ()) is not one


def test_ports_divide_only_where_a_rule_asks_for_their_name() -> None:
    classes, known = Classes(), policies("ingress: [{ports: [{port: web}]}]", "ingress: [{ports: [{port: 7}]}]")
    web = classes.get(INGRESS, [P], known, (WEB,))
    assert web.by_ports == ((PortSet.tcp(80), ANYWHERE),)
    assert classes.get(INGRESS, [P], known, (WEB, DNS)) is web
    assert classes.get(INGRESS, [P], known, (OTHER_WEB,)).by_ports == ((PortSet.tcp(8080), ANYWHERE),)
    assert classes.get(INGRESS, [P], known, ()).by_ports == ()
    assert classes.get(INGRESS, [P], known, (NamedPort(17, "web", 80),)).by_ports == ()
    assert classes.get(INGRESS, [Q], known, (WEB,)) is classes.get(INGRESS, [Q], known, (OTHER_WEB,))


def test_the_clients_own_ports_do_not_matter_for_egress() -> None:
    classes, known = Classes(), policies("egress: [{ports: [{port: web}]}]")
    assert classes.get(EGRESS, [P], known, (WEB,)) is classes.get(EGRESS, [P], known, ())


def test_an_answer_is_never_older_than_its_policies() -> None:
    classes, known = Classes(), policies("{}", "{}")
    assert not classes.get(INGRESS, [P, Q], known, ()).everywhere
    untouched = classes.get(INGRESS, [Q], known, ())
    known[P] = Policy.read(policy("ingress: [{}]", name="p"))
    classes.forget(P)
    assert classes.get(INGRESS, [P, Q], known, ()).everywhere == ANYWHERE
    assert classes.get(INGRESS, [Q], known, ()) is untouched


def test_nothing_is_kept_of_policies_that_have_gone() -> None:
    classes = Classes()
    for number in range(50):
        fresh = PolicyKey("x", f"p{number}")
        known = {Q: policies()[Q], fresh: Policy.read(policy(name=fresh.name))}
        classes.get(INGRESS, [Q, fresh], known, ())
        classes.forget(fresh)
        classes.forget(fresh)
    assert not classes._sets
    assert not classes._using
