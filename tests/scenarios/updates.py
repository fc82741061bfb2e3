"""Changes of policies, namespaces and pods take effect, and so do their ends: scenarios 20 to 22, 24 and 33."""

from haechi.model import NetworkPolicy
from tests.scenarios.scenario import Scenario, namespace, netpol, pod, scenario, step

SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "tcp-20-an-updated-policy",
        step("", netpol("x", "open-or-closed", "{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}")),
        step(
            "denied * -> x/*  *",
            netpol("x", "open-or-closed", "{podSelector: {}, policyTypes: [Ingress], ingress: []}"),
        ),
    ),
    scenario(
        "tcp-21-an-updated-namespace",
        step(
            "denied * -> x/a  *",
            netpol(
                "x",
                "updated-namespaces-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {ns2: updated}}
                """,
            ),
        ),
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  *
            """,
            namespace("y", ns2="updated"),
        ),
        step("denied * -> x/a  *", namespace("y")),
    ),
    scenario(
        "tcp-22-an-updated-client",
        step(
            "denied * -> x/a  *",
            netpol(
                "x",
                "updated-b-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - podSelector: {matchLabels: {pod: b, pod2: updated}}
                """,
            ),
        ),
        step(
            """
            denied  * -> x/a    *
            allowed x/b -> x/a  *
            """,
            pod("x", "b", pod2="updated"),
        ),
        step("denied * -> x/a  *", pod("x", "b")),
    ),
    scenario(
        "tcp-24-an-updated-server",
        step(
            "",
            netpol("x", "isolate", "{podSelector: {matchLabels: {target: isolated}}, policyTypes: [Ingress]}"),
        ),
        step("denied * -> x/a  *", pod("x", "a", target="isolated")),
        step("", pod("x", "a")),
    ),
    scenario(
        "tcp-33-a-deleted-policy",
        step(
            """
            denied * -> x/*  *
            denied x/* -> *  *
            """,
            netpol("x", "deny-all", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
        ),
        step("", delete=[(NetworkPolicy, "x", "deny-all")]),
    ),
)
