"""Who may connect, by every shape of peer: scenarios 3 to 13 and 41. In YAML a bare y is a boolean: it is quoted."""

from tests.scenarios.scenario import Scenario, netpol, scenario, step

SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "tcp-03-pods-of-the-own-namespace",
        step(
            """
            denied  * -> x/a  *
            allowed x/b -> x/a  *
            """,
            netpol(
                "x",
                "x-b-to-x-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - podSelector: {matchLabels: {pod: b}}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-04-a-target-in-a-closed-namespace",
        step(
            "denied * -> x/*  *",
            netpol("x", "deny-ingress", "{podSelector: {}, policyTypes: [Ingress]}"),
        ),
        step(
            """
            denied  * -> x/*  *
            allowed * -> x/a  *
            """,
            netpol(
                "x",
                "all-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {}
                    podSelector: {}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-05-all-namespaces",
        step(
            "",
            netpol(
                "x",
                "every-namespace-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-06-one-other-namespace",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  *
            """,
            netpol(
                "x",
                "y-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-07-pods-by-expression",
        step(
            """
            denied  * -> x/a    *
            allowed x/b -> x/a  *
            """,
            netpol(
                "x",
                "b-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - podSelector: {matchExpressions: [{key: pod, operator: In, values: [b]}]}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-08-namespaces-by-expression",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  *
            """,
            netpol(
                "x",
                "y-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector:
                      matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: ["y"]}]
                """,
            ),
        ),
    ),
    scenario(
        "tcp-09-namespaces-or-pods",
        step(
            "denied x/[ac] -> x/a  *",
            netpol(
                "x",
                "others-or-b-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector:
                      matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [x]}]
                  - podSelector: {matchLabels: {pod: b}}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-10-namespaces-and-pods",
        step(
            """
            denied  * -> x/a       *
            allowed [yz]/b -> x/a  *
            """,
            netpol(
                "x",
                "b-of-others-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector:
                      matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [x]}]
                    podSelector: {matchLabels: {pod: b}}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-11-several-values-of-both",
        step(
            """
            denied  * -> x/a          *
            allowed [yz]/[bc] -> x/a  *
            """,
            netpol(
                "x",
                "b-and-c-of-others-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector:
                      matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [x]}]
                    podSelector: {matchExpressions: [{key: pod, operator: In, values: [b, c]}]}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-12-any-of-several-pod-selectors",
        step(
            """
            denied  * -> x/a       *
            allowed x/[bc] -> x/a  *
            """,
            netpol(
                "x",
                "b-or-c-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - podSelector: {matchLabels: {pod: b}}
                  - podSelector: {matchLabels: {pod: c}}
                """,
            ),
        ),
    ),
    scenario(
        "tcp-13-a-pod-of-another-namespace",
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
        "tcp-41-the-label-that-the-api-server-sets",
        step(
            """
            denied  * -> x/a    *
            allowed y/* -> x/a  *
            """,
            netpol(
                "x",
                "default-label-to-a",
                """
                podSelector: {matchLabels: {pod: a}}
                policyTypes: [Ingress]
                ingress:
                - from:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: "y"}}
                """,
            ),
        ),
    ),
)
