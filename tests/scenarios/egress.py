"""Where a client may connect to: scenarios 19, 25 to 29, 32, 34 to 37 and 42.

Blocks are given for both families, as they never cross: 0.0.0.0/4 and f000::/4 are the /4 networks around all pods.
"""

from tests.scenarios.scenario import Scenario, netpol, scenario, step

SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "tcp-19-egress-on-a-named-port",
        step(
            """
            denied  x/* -> *  *
            allowed x/* -> *  80/TCP
            """,
            netpol(
                "x",
                "to-serve-80",
                """
                podSelector: {}
                policyTypes: [Egress]
                egress:
                - ports: [{port: serve-80-tcp}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-25-no-egress-of-a-pod",
        step(
            "denied x/a -> *  *",
            netpol("x", "a-sends-nothing", "{podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress]}"),
        ),
    ),
    scenario(
        "tcp-26-no-egress-of-a-namespace",
        step("denied x/* -> *  *", netpol("x", "deny-egress", "{podSelector: {}, policyTypes: [Egress]}")),
    ),
    scenario(
        "tcp-27-both-directions-in-one-policy",
        step(
            """
            denied  * -> x/a    *
            allowed x/b -> x/a  *
            denied  x/a -> *    *
            allowed x/a -> *    80/TCP
            """,
            netpol(
                "x",
                "from-b-and-to-80",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress, Egress]
                ingress:
                - from:
                  - podSelector: {matchLabels: {pod: b}}
                egress:
                - ports: [{port: 80}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-28-the-client-denies-what-the-server-allows",
        step(
            """
            denied  x/a -> *       *
            denied  * -> y/[ab]    *
            allowed x/a -> y/a     *
            """,
            netpol(
                "x",
                "a-to-y-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress:
                - to:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                    podSelector: {matchLabels: {pod: a}}
                """,
            ),
            netpol(
                "y",
                "x-a-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}
                    podSelector: {matchLabels: {pod: a}}
                """,
            ),
            netpol(
                "y",
                "x-a-to-b",
                """
                podSelector: {matchLabels: {pod: b}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}
                    podSelector: {matchLabels: {pod: a}}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-29-egress-to-a-server-in-another-namespace",
        step(
            """
            denied  x/a -> *    *
            allowed x/a -> y/a  *
            """,
            netpol(
                "x",
                "a-to-y-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress:
                - to:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                    podSelector: {matchLabels: {pod: a}}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-32-egress-to-all-beats-a-port",
        step(
            """
            denied  x/* -> *  *
            allowed x/* -> *  80/TCP
            """,
            netpol(
                "x",
                "to-80",
                """
                podSelector: {}
                policyTypes: [Egress]
                egress:
                - ports: [{port: 80}]
                """,
            ),
        ),
        step("", netpol("x", "allow-all", "{podSelector: {}, policyTypes: [Egress], egress: [{}]}")),
    ),
    scenario(
        "tcp-34-egress-to-a-block",
        step(
            """
            denied  x/a -> *    *
            allowed x/a -> y/b  *
            """,
            netpol(
                "x",
                "a-to-block",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress:
                - to:
                  - ipBlock: {cidr: 10.244.2.2/32}
                  - ipBlock: {cidr: "fd00:10:244:2::2/128"}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-35-egress-to-a-block-with-a-hole",
        step(
            "denied x/a -> x/b  *",
            netpol(
                "x",
                "a-to-block",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress:
                - to:
                  - ipBlock: {cidr: 0.0.0.0/4, except: [10.244.1.2/32]}
                  - ipBlock: {cidr: "f000::/4", except: ["fd00:10:244:1::2/128"]}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-36-the-hole-becomes-the-block",
        step(
            "denied x/a -> x/b  *",
            netpol(
                "x",
                "a-to-block",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress:
                - to:
                  - ipBlock: {cidr: 0.0.0.0/4, except: [10.244.1.2/32]}
                  - ipBlock: {cidr: "f000::/4", except: ["fd00:10:244:1::2/128"]}
                """,
            ),
        ),
        step(
            """
            denied  x/a -> *    *
            allowed x/a -> x/b  *
            """,
            netpol(
                "x",
                "a-to-block",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress:
                - to:
                  - ipBlock: {cidr: 10.244.1.2/32}
                  - ipBlock: {cidr: "fd00:10:244:1::2/128"}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-37-directions-are-independent",
        step(
            "",
            netpol(
                "x",
                "a-sends-anything",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress: [{}]
                """,
            ),
        ),
        step(
            "denied * -> x/a  *",
            netpol("x", "a-gets-nothing", "{podSelector: {matchLabels: {pod: a}}, policyTypes: [Ingress]}"),
        ),
    ),
    scenario(
        "tcp-42-egress-to-all-namespaces-but-one",
        step(
            "denied x/a -> y/*  *",
            netpol(
                "x",
                "a-not-to-y",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Egress]
                egress:
                - to:
                  - namespaceSelector:
                      matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: ["y"]}]
                """,
            ),
        ),
    ),
)
