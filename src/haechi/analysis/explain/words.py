"""The words of `haechi explain`, in English and in Korean.

Each key has both languages, with the same fields in braces. Keys that end in `.in` are about ingress, in `.out` about
egress.
"""

from __future__ import annotations

from collections.abc import Mapping

from haechi.analysis.explain.tierwords import TIER_WORDS

WORDS: Mapping[str, tuple[str, str]] = {
    **TIER_WORDS,
    "join.comma": (", ", ", "),
    "join.and": (" AND ", " 그리고(AND) "),
    # selected pods
    "count.one": ("1 pod", "파드 1개"),
    "count.many": ("{number} pods", "파드 {number}개"),
    "workload": ("{kind} {name} ({count})", "{kind} {name}({count})"),
    "names.more": ("{names} and {number} more", "{names} 외 {number}개"),
    "items.more": ("and {number} more (-v lists them)", "그 밖에 {number}개 (-v로 모두 표시)"),
    "now.some": ("Right now {count}: {names}", "지금은 {count}: {names}"),
    "now.none": ("Right now no pod in the input", "지금 입력에는 해당하는 파드가 없음"),
    # labels
    "label.is": ("label {key}={value}", "레이블 {key}={value}"),
    "label.one_of": ("label {key} with one of the values {values}", "레이블 {key}의 값이 {values} 중 하나"),
    "label.none_of": (
        "label {key} absent or with a value other than {values}",
        "레이블 {key:이/가} 없거나 값이 다음과 다름: {values}",
    ),
    "label.present": ("label {key} with any value", "레이블 {key:이/가} 있음(값은 무관)"),
    "label.absent": ("no label {key}", "레이블 {key:이/가} 없음"),
    # the pods of a policy
    "policy.title": ("NetworkPolicy {policy}", "네트워크폴리시 {policy}"),
    "policy.unreadable": (
        (
            "It cannot be read as the API server would read it, so it fails closed: it isolates the pods that it "
            "selects and allows nothing."
        ),
        "API 서버처럼 읽을 수 없으므로 거부로 처리한다. 즉, 선택한 파드를 격리하고 아무것도 허용하지 않는다.",
    ),
    "subject.all": (
        "It selects all pods in namespace {namespace}, because podSelector is empty.",
        "podSelector가 비어 있으므로 네임스페이스 {namespace}의 모든 파드를 선택한다.",
    ),
    "subject.some": (
        "It selects the pods in namespace {namespace} that have {labels}.",
        "네임스페이스 {namespace}에서 다음 조건의 파드를 선택한다: {labels}.",
    ),
    "subject.none": (
        "It selects no pod and never will: the requirements in podSelector contradict each other.",
        "podSelector의 조건이 서로 모순되므로 어떤 파드도 선택하지 않으며 앞으로도 선택할 수 없다.",
    ),
    "types.default": (
        "policyTypes is absent or empty: the API server sets it to {types}.",
        "policyTypes가 없거나 비어 있다. API 서버가 다음 값을 채워 넣는다: {types}.",
    ),
    # directions
    "direction.unaffected.in": (
        "Incoming connections (ingress): not affected by this policy.",
        "들어오는 연결(인그레스): 이 정책은 관여하지 않는다.",
    ),
    "direction.unaffected.out": (
        "Outgoing connections (egress): not affected by this policy.",
        "나가는 연결(이그레스): 이 정책은 관여하지 않는다.",
    ),
    "direction.ignored.in": (
        "Its ingress rules have no effect, because policyTypes does not list Ingress.",
        "policyTypes에 Ingress가 없으므로 ingress 규칙은 아무 효과가 없다.",
    ),
    "direction.ignored.out": (
        "Its egress rules have no effect, because policyTypes does not list Egress.",
        "policyTypes에 Egress가 없으므로 egress 규칙은 아무 효과가 없다.",
    ),
    "direction.isolated.in": (
        (
            "Incoming connections (ingress): the selected pods are isolated. Only connections that a rule allows are "
            "permitted."
        ),
        "들어오는 연결(인그레스): 선택된 파드는 격리된다. 규칙이 허용하는 것만 들어온다.",
    ),
    "direction.isolated.out": (
        (
            "Outgoing connections (egress): the selected pods are isolated. Only connections that a rule allows are "
            "permitted."
        ),
        "나가는 연결(이그레스): 선택된 파드는 격리된다. 규칙이 허용하는 것만 나간다.",
    ),
    "rest.in": (
        "All other incoming connections are denied, unless another policy that selects the same pod allows them.",
        "그 밖에 들어오는 것은 모두 막힌다. 단, 같은 파드를 선택하는 다른 정책이 허용하면 들어온다.",
    ),
    "rest.out": (
        "All other outgoing connections are denied, unless another policy that selects the same pod allows them.",
        "그 밖에 나가는 것은 모두 막힌다. 단, 같은 파드를 선택하는 다른 정책이 허용하면 나간다.",
    ),
    "rest.none.in": (
        "So no incoming connection is denied, whatever other policies there are: policies can only allow more.",
        "따라서 들어오는 것은 아무것도 막히지 않는다. 다른 정책은 허용을 더할 뿐 뺄 수 없다.",
    ),
    "rest.none.out": (
        "So no outgoing connection is denied, whatever other policies there are: policies can only allow more.",
        "따라서 나가는 것은 아무것도 막히지 않는다. 다른 정책은 허용을 더할 뿐 뺄 수 없다.",
    ),
    # rules
    "rules.none.in": (
        (
            "It has no ingress rules (an absent list and an empty list mean the same), so it allows no incoming "
            "connection."
        ),
        "ingress 규칙이 없으므로(목록이 없는 것과 빈 목록은 같은 뜻이다) 아무것도 들여보내지 않는다.",
    ),
    "rules.none.out": (
        "It has no egress rules (an absent list and an empty list mean the same), so it allows no outgoing connection.",
        "egress 규칙이 없으므로(목록이 없는 것과 빈 목록은 같은 뜻이다) 아무것도 내보내지 않는다.",
    ),
    "rule.everything.in": (
        (
            "Rule {number} of {total} allows every incoming connection: `from` and `ports` are absent or empty, so "
            "anyone may connect, on every port."
        ),
        "규칙 {number}/{total}: `from`과 `ports`가 없거나 비어 있으므로 누구든지 모든 포트로 들어올 수 있다.",
    ),
    "rule.everything.out": (
        (
            "Rule {number} of {total} allows every outgoing connection: `to` and `ports` are absent or empty, so "
            "every destination may be reached, on every port."
        ),
        "규칙 {number}/{total}: `to`와 `ports`가 없거나 비어 있으므로 누구에게든지 모든 포트로 나갈 수 있다.",
    ),
    "rule.both.in": (
        "Rule {number} of {total} allows an incoming connection if both of these match (AND):",
        "규칙 {number}/{total}: 다음 두 조건을 모두(AND) 만족하는 연결을 들여보낸다.",
    ),
    "rule.both.out": (
        "Rule {number} of {total} allows an outgoing connection if both of these match (AND):",
        "규칙 {number}/{total}: 다음 두 조건을 모두(AND) 만족하는 연결을 내보낸다.",
    ),
    "rule.unreadable": (
        "Rule {number} of {total} cannot be read, so it allows nothing: {reasons}",
        "규칙 {number}/{total}: 읽을 수 없으므로 아무것도 허용하지 않는다: {reasons}",
    ),
    "peers.any.in": (
        "from anyone, inside or outside the cluster, because `from` is absent or empty",
        "출발지: 클러스터 안팎의 누구든지(`from`이 없거나 비어 있음)",
    ),
    "peers.any.out": (
        "to anyone, inside or outside the cluster, because `to` is absent or empty",
        "목적지: 클러스터 안팎의 누구든지(`to`가 없거나 비어 있음)",
    ),
    "peers.one.in": ("from {peer}", "출발지: {peer}"),
    "peers.one.out": ("to {peer}", "목적지: {peer}"),
    "peers.many.in": ("from any of these {number} (OR):", "출발지: 다음 {number}가지 중 어느 하나(OR):"),
    "peers.many.out": ("to any of these {number} (OR):", "목적지: 다음 {number}가지 중 어느 하나(OR):"),
    "peers.item": ("{peer}", "{peer}"),
    "ports.any": (
        "on every port of every protocol, because `ports` is absent or empty",
        "포트: 모든 프로토콜의 모든 포트(`ports`가 없거나 비어 있음)",
    ),
    "ports.one": ("on {port}", "포트: {port}"),
    "ports.many": ("on any of these {number} (OR):", "포트: 다음 {number}가지 중 어느 하나(OR):"),
    "ports.item": ("{port}", "{port}"),
    # peers
    "peer.pods.all": ("all pods in namespace {namespace}", "네임스페이스 {namespace}의 모든 파드"),
    "peer.pods": (
        "pods in namespace {namespace} that have {labels}",
        "네임스페이스 {namespace}의 파드 중 다음 조건의 파드({labels})",
    ),
    "peer.everywhere": (
        "all pods in all namespaces (pods only, nothing outside the cluster)",
        "모든 네임스페이스의 모든 파드(파드만 해당하며 클러스터 밖은 아님)",
    ),
    "peer.anywhere": (
        "pods in any namespace that have {labels}",
        "모든 네임스페이스의 파드 중 다음 조건의 파드({labels})",
    ),
    "peer.namespaces": (
        "all pods in namespaces that have {namespaces}",
        "다음 조건의 네임스페이스({namespaces})에 있는 모든 파드",
    ),
    "peer.both": (
        "pods that have {labels} AND are in a namespace that has {namespaces}",
        "다음 조건의 네임스페이스({namespaces})에 있고, 동시에(AND) 다음 조건을 만족하는 파드({labels})",
    ),
    "peer.none": (
        "no pod, because the requirements of the selectors contradict each other",
        "아무도 없음(셀렉터의 조건이 서로 모순됨)",
    ),
    "peer.nameless": (
        "no pod, because the API server sets label {key} of every namespace",
        "아무도 없음(API 서버가 모든 네임스페이스에 {key} 레이블을 설정함)",
    ),
    "peer.block": ("the addresses in {cidr}", "{cidr}의 주소"),
    "peer.block.except": ("the addresses in {cidr}, except those in {excepts}", "{excepts:을/를} 제외한 {cidr}의 주소"),
    "peer.pods_in_block": ("pods with an address in {cidr}", "{cidr}의 주소를 가진 파드"),
    "peer.anyone": ("anyone, inside or outside the cluster", "클러스터 안팎의 누구든지"),
    # ports
    "port.number": ("{protocol} port {port}", "{protocol} 포트 {port}"),
    "port.range": ("{protocol} ports {first} to {last}", "{protocol} 포트 {first}~{last}"),
    "port.all": ("every {protocol} port", "모든 {protocol} 포트"),
    "port.everything": ("every port of every protocol", "모든 프로토콜의 모든 포트"),
    "port.named.in": (
        "the {protocol} port named {name} of the selected pod",
        "선택된 파드에서 이름이 {name}인 {protocol} 포트",
    ),
    "port.named.out": (
        "the {protocol} port named {name} of the destination pod",
        "받는 파드에서 이름이 {name}인 {protocol} 포트",
    ),
    "port.now": ("Right now {numbers}", "지금은 {numbers}"),
    "port.now.none": (
        "Right now no selected pod has a port with this name, so it allows nothing",
        "지금은 그런 이름의 포트를 가진 선택된 파드가 없으므로 아무것도 허용하지 않음",
    ),
    # a pod
    "pod.title": ("Pod {pod}", "파드 {pod}"),
    "pod.owner": ("It belongs to {kind} {name}.", "{kind} {name}에 속한다."),
    "pod.host": (
        "It uses the host network (hostNetwork): NetworkPolicies do not treat it as a pod, and none applies to it.",
        "노드의 네트워크를 사용한다(hostNetwork). 정책은 이것을 파드로 보지 않으며 적용되는 정책이 없다.",
    ),
    "pod.completed": (
        "It has completed: policies ignore it, because its address may now belong to another pod.",
        "종료된 파드이다. 주소를 다른 파드가 쓸 수 있으므로 정책은 이 파드를 무시한다.",
    ),
    "pod.unrestricted.in": (
        "Incoming connections (ingress): no policy selects the pod, so all are allowed.",
        "들어오는 연결(인그레스): 이 파드를 선택하는 정책이 없다. 모든 것이 들어올 수 있다.",
    ),
    "pod.unrestricted.out": (
        "Outgoing connections (egress): no policy selects the pod, so all are allowed.",
        "나가는 연결(이그레스): 이 파드를 선택하는 정책이 없다. 모든 것이 나갈 수 있다.",
    ),
    "pod.isolated.in": (
        "Incoming connections (ingress): the pod is isolated by {policies}.",
        "들어오는 연결(인그레스): 격리되어 있다. 이 파드를 선택하는 정책: {policies}.",
    ),
    "pod.isolated.out": (
        "Outgoing connections (egress): the pod is isolated by {policies}.",
        "나가는 연결(이그레스): 격리되어 있다. 이 파드를 선택하는 정책: {policies}.",
    ),
    "union.some.in": ("In total, these are allowed:", "모두 합치면 다음이 들어올 수 있다."),
    "union.some.out": ("In total, these are allowed:", "모두 합치면 다음이 나갈 수 있다."),
    "union.none.in": ("In total, nothing is allowed.", "모두 합쳐도 아무것도 들어올 수 없다."),
    "union.none.out": ("In total, nothing is allowed.", "모두 합쳐도 아무것도 나갈 수 없다."),
    "union.one.in": ("on {ports}, from {peer}", "{ports}: 출발지 {peer}"),
    "union.one.out": ("on {ports}, to {peer}", "{ports}: 목적지 {peer}"),
    "union.many.in": ("on {ports}, from any of these (OR):", "{ports}: 출발지는 다음 중 어느 하나(OR):"),
    "union.many.out": ("on {ports}, to any of these (OR):", "{ports}: 목적지는 다음 중 어느 하나(OR):"),
    "union.rest.in": ("All other incoming connections are denied.", "그 밖에 들어오는 것은 모두 막힌다."),
    "union.rest.out": ("All other outgoing connections are denied.", "그 밖에 나가는 것은 모두 막힌다."),
    "because": ("Based on these rules:", "근거가 되는 규칙:"),
    "because.rule": ("{policy}, rule {number} of {total}", "{policy}, 규칙 {number}/{total}"),
    "because.no_rule": ("{policy} has no rule that allows anything", "{policy}: 무엇이든 허용하는 규칙이 없음"),
    # what always holds
    "note.ends": (
        (
            "A connection between two pods is allowed only if the egress policies of its source and the ingress "
            "policies of its destination both allow it. Replies to an allowed connection are always allowed."
        ),
        (
            "두 파드 사이의 연결은 보내는 쪽의 이그레스와 받는 쪽의 인그레스가 모두 허용해야 통과한다. "
            "허용된 연결의 응답은 항상 통과한다."
        ),
    ),
    "note.always": (
        "A pod can always reach itself and its own node, and its own node can always reach it.",
        "파드와 자기 자신, 파드와 자신이 실행되는 노드 사이의 연결은 항상 통과한다.",
    ),
}
