"""TCP, UDP and SCTP are three different things: scenarios 30 and 38 to 40, the UDP suite and the SCTP suite."""

from tests.scenarios.scenario import Scenario, netpol, scenario, step

SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "tcp-30-a-protocol-without-ports",
        step(
            """
            denied  * -> x/a  *
            allowed * -> x/a  */TCP
            """,
            netpol(
                "x",
                "tcp-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - ports: [{protocol: TCP}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-38-sctp-is-not-tcp",
        step(
            """
            denied  * -> x/*  *
            allowed * -> x/a  81/SCTP
            """,
            netpol("x", "deny-ingress", "{podSelector: {}, policyTypes: [Ingress]}"),
            netpol(
                "x",
                "sctp-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - ports: [{protocol: SCTP, port: 81}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-39-an-sctp-rule-isolates",
        step(
            """
            denied  * -> x/a  *
            allowed * -> x/a  80/SCTP
            """,
            netpol(
                "x",
                "sctp-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - ports: [{protocol: SCTP, port: 80}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-40-a-udp-rule-isolates",
        step(
            """
            denied  * -> x/a  *
            allowed * -> x/a  81/UDP
            """,
            netpol(
                "x",
                "udp-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - ports: [{protocol: UDP, port: 81}]
                """,
            ),
        ),
    ),
    scenario(
        "udp-01-default-deny-ingress",
        step(
            "denied * -> x/*  *",
            netpol("x", "deny-ingress", "{podSelector: {}, policyTypes: [Ingress], ingress: []}"),
        ),
    ),
    scenario(
        "udp-02-a-port-for-one-namespace",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  81/UDP
            """,
            netpol(
                "x",
                "y-to-a-on-81",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                  ports: [{protocol: UDP, port: 81}]
                """,
            ),
        ),
    ),
    scenario(
        "udp-03-a-pod-of-another-namespace",
        step(
            """
            denied  * -> x/a    *
            allowed y/a -> x/a  *
            """,
            netpol(
                "x",
                "y-a-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                    podSelector: {matchLabels: {pod: a}}
                """,
            ),
        ),
    ),
    scenario(
        "sctp-01-default-deny-ingress",
        step(
            "denied * -> x/*  *",
            netpol("x", "deny-ingress", "{podSelector: {}, policyTypes: [Ingress], ingress: []}"),
        ),
    ),
    scenario(
        "sctp-02-a-port-for-one-namespace",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  81/SCTP
            """,
            netpol(
                "x",
                "y-to-a-on-81",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                  ports: [{protocol: SCTP, port: 81}]
                """,
            ),
        ),
    ),
    scenario(
        "sctp-03-a-pod-of-another-namespace",
        step(
            """
            denied  * -> x/a    *
            allowed y/a -> x/a  *
            """,
            netpol(
                "x",
                "y-a-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                    podSelector: {matchLabels: {pod: a}}
                """,
            ),
        ),
    ),
)
