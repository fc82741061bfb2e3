"""What a server accepts: closed and open namespaces, ports, stacked policies: scenarios 1, 2, 14 to 18, 23 and 31."""

from tests.scenarios.scenario import Scenario, netpol, scenario, step

SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "tcp-01-default-deny-ingress",
        step(
            "denied * -> x/*  *",
            netpol("x", "deny-ingress", "{podSelector: {}, policyTypes: [Ingress]}"),
        ),
    ),
    scenario(
        "tcp-02-default-deny-all",
        step(
            """
            denied * -> x/*  *
            denied x/* -> *  *
            """,
            netpol("x", "deny-all", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
        ),
    ),
    scenario(
        "tcp-14-a-port-for-one-namespace",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  81/TCP
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
                  ports: [{protocol: TCP, port: 81}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-15-policies-add-up",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  81/TCP
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
                  ports: [{protocol: TCP, port: 81}]
                """,
            ),
        ),
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  8[01]/TCP
            """,
            netpol(
                "x",
                "y-to-a-on-80",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                  ports: [{protocol: TCP, port: 80}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-16-allow-all",
        step("", netpol("x", "allow-all", "{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}")),
    ),
    scenario(
        "tcp-17-a-named-port",
        step(
            """
            denied  * -> x/*  *
            allowed * -> x/*  81/TCP
            """,
            netpol(
                "x",
                "all-on-serve-81",
                """
                podSelector: {}
                policyTypes: [Ingress]
                ingress:
                - ports: [{port: serve-81-tcp}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-18-a-named-port-for-one-namespace",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  80/TCP
            """,
            netpol(
                "x",
                "y-to-a-on-serve-80",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                  ports: [{port: serve-80-tcp}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-23-nothing-from-other-namespaces",
        step(
            "denied [yz]/* -> x/*  *",
            netpol(
                "x",
                "own-namespace-only",
                """
                podSelector: {}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - podSelector: {}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-31-ingress-to-all-beats-a-port",
        step(
            """
            denied  * -> x/*  *
            allowed * -> x/*  80/TCP
            """,
            netpol(
                "x",
                "on-80",
                """
                podSelector: {}
                policyTypes: [Ingress]
                ingress:
                - ports: [{port: 80}]
                """,
            ),
        ),
        step("", netpol("x", "allow-all", "{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}")),
    ),
)
