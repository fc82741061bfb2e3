"""Random Services in front of random pods, most of which have backends."""

from __future__ import annotations

from hypothesis import strategies as st

from haechi.model import Object, ObjectMeta, Service, ServicePort
from haechi.model.core import ServiceSpec
from tests.analysis.lint.hostile import lists
from tests.clusters import NAMES, NAMESPACES, PORTS, PROTOCOLS, labels

_ports = st.builds(
    ServicePort,
    protocol=st.sampled_from((*PROTOCOLS, "ICMP", "")),
    port=st.sampled_from((*PORTS, 0, 70000)),
    target_port=st.sampled_from((None, 0, "", *PORTS, *NAMES, "none", 70000)),
)
services = st.builds(
    Service,
    metadata=st.builds(
        ObjectMeta, name=st.sampled_from(("s", "kube-dns")), namespace=st.sampled_from((*NAMESPACES, "kube-system"))
    ),
    spec=st.builds(
        ServiceSpec,
        selector=labels,
        type=st.sampled_from(("ClusterIP", "ExternalName")),
        cluster_ip=st.sampled_from(("", "None", "10.96.0.10", "nonsense")),
        ports=st.lists(_ports, max_size=3).map(tuple),
    ),
)


@st.composite
def served(draw: st.DrawFn, *, odd: bool = True) -> list[Object]:
    """The objects of a small cluster, and Services; with unreadable and odd objects, or without."""
    return [*draw(lists(odd=odd)), *draw(st.lists(services, max_size=3))]
