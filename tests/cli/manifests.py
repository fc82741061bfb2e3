"""Input for the commands, as text."""

from __future__ import annotations

GOOD = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  podSelector:
    matchLabels: {app: web}
  ingress:
  - from:
    - podSelector: {}
    ports:
    - port: http
"""

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels: {app: web}
spec:
  nodeName: node-a
  containers:
  - name: web
    image: nginx
    ports:
    - {name: http, containerPort: 8080}
status:
  podIPs:
  - ip: 10.0.0.1
  - ip: fd00::1
"""

OTHER_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: client
  namespace: shop
  labels: {app: client}
spec:
  nodeName: node-b
  containers:
  - {name: client, image: nginx}
status:
  podIPs:
  - ip: 10.0.0.2
"""

CLUSTER = "---\n".join((GOOD, POD, OTHER_POD))

BAD = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: bad
  namespace: shop
spec:
  podSelector: {}
  ingress:
  - from:
    - ipBlock:
        cidr: 10.0.0.0/33
    ports:
    - port: 99999
"""

MISSPELT = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: misspelt
spec:
  podSelector: {}
  ingres: []
"""

DOUBTFUL = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: doubtful
spec:
  podSelector: {}
  ingress:
  - from:
    - ipBlock:
        cidr: 2001:DB8::/32
"""

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: not-ours
"""

SCTP = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: sctp
spec:
  podSelector: {}
  ingress:
  - ports:
    - protocol: SCTP
      port: 80
"""
