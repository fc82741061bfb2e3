"""The words of `haechi explain` about tiers, in English and in Korean, as in `haechi.analysis.explain.words`."""

from __future__ import annotations

from collections.abc import Mapping

TIER_WORDS: Mapping[str, tuple[str, str]] = {
    "tier.title": ("{kind} {name}", "{kind} {name}"),
    "tier.is_admin": (
        (
            "It is in tier Admin, with priority {priority}: it is evaluated before NetworkPolicies, which cannot "
            "override it."
        ),
        (
            "Admin 티어에 있으며 우선순위(priority)는 {priority}이다. 네트워크폴리시보다 먼저 평가되며, "
            "네트워크폴리시는 이를 뒤집을 수 없다."
        ),
    ),
    "tier.is_baseline": (
        (
            "It is in tier Baseline, with priority {priority}: it is evaluated for what tier Admin leaves undecided, "
            "if no NetworkPolicy isolates the pod in the direction."
        ),
        (
            "Baseline 티어에 있으며 우선순위(priority)는 {priority}이다. Admin 티어가 결정하지 않은 연결 중, 그 "
            "방향으로 네트워크폴리시가 격리하지 않은 파드의 연결에만 적용된다."
        ),
    ),
    "tier.last": (
        (
            "It is in tier Baseline, after all other policies of that tier: it is evaluated for what tier Admin "
            "leaves undecided, if no NetworkPolicy isolates the pod in the direction."
        ),
        (
            "Baseline 티어에 있으며 그 티어의 다른 정책보다 나중에 평가된다. Admin 티어가 결정하지 않은 연결 중, 그 "
            "방향으로 네트워크폴리시가 격리하지 않은 파드의 연결에만 적용된다."
        ),
    ),
    "tier.is_unknown": (
        "Its tier cannot be read, so it is evaluated in tier Admin, with priority {priority}.",
        "티어를 읽을 수 없으므로 우선순위(priority) {priority:으로/로} Admin 티어에서 평가된다.",
    ),
    "tier.policy": ("{policy} (priority {priority})", "{policy}(우선순위 {priority})"),
    "tier.before": (
        "Evaluated before it, where they select the same pods: {names}",
        "같은 파드를 선택하는 경우 이 정책보다 먼저 평가되는 정책: {names}",
    ),
    "tier.after": (
        "Evaluated after it, where they select the same pods: {names}",
        "같은 파드를 선택하는 경우 이 정책보다 나중에 평가되는 정책: {names}",
    ),
    "tier.alone": (
        "No other policy of the tier can select the same pods.",
        "같은 파드를 선택할 수 있는 다른 정책이 이 티어에 없다.",
    ),
    "tier.tied": (
        (
            "The API does not define the order of policies of one priority; Haechi evaluates them in order of their "
            "names. Of the same priority: {names}"
        ),
        (
            "우선순위가 같은 정책의 순서는 API가 정하지 않는다. Haechi는 이름 순서로 평가한다. 우선순위가 같은 정책: "
            "{names}"
        ),
    ),
    "tier.subject": ("Its subject is {peer}.", "대상(subject): {peer}."),
    "tier.subject.none": (
        "Its subject is no pod and never will be: the requirements of the selectors contradict each other.",
        "셀렉터의 조건이 서로 모순되므로 대상(subject)이 되는 파드가 없으며 앞으로도 있을 수 없다.",
    ),
    "tier.subject.unreadable": (
        "Its subject cannot be read and names no pods, so it affects none.",
        "대상(subject)을 읽을 수 없고 어떤 파드도 가리키지 않으므로 아무 파드에도 적용되지 않는다.",
    ),
    "tier.unreadable": (
        "Every rule fails closed, because a part that concerns all of them cannot be read: {reasons}",
        "모든 규칙에 관한 부분을 읽을 수 없으므로 모든 규칙을 거부로 처리한다: {reasons}",
    ),
    "tier.unaffected.in": (
        "Incoming connections (ingress): not affected, because it has no ingress rules.",
        "들어오는 연결(인그레스): ingress 규칙이 없으므로 관여하지 않는다.",
    ),
    "tier.unaffected.out": (
        "Outgoing connections (egress): not affected, because it has no egress rules.",
        "나가는 연결(이그레스): egress 규칙이 없으므로 관여하지 않는다.",
    ),
    "tier.direction.in": (
        (
            "Incoming connections (ingress): its rules are evaluated in this order, and the first one that matches "
            "decides."
        ),
        "들어오는 연결(인그레스): 규칙을 다음 순서로 평가하며, 처음으로 일치하는 규칙이 결정한다.",
    ),
    "tier.direction.out": (
        (
            "Outgoing connections (egress): its rules are evaluated in this order, and the first one that matches "
            "decides."
        ),
        "나가는 연결(이그레스): 규칙을 다음 순서로 평가하며, 처음으로 일치하는 규칙이 결정한다.",
    ),
    "tier.rule": ("Rule {number} of {total}", "규칙 {number}/{total}"),
    "tier.rule.named": ('Rule {number} of {total} "{name}"', '규칙 {number}/{total} "{name}"'),
    "tier.accept.in": (
        "{rule}, {action}: an incoming connection is accepted if both of these match (AND):",
        "{rule}, {action}: 다음 두 조건을 모두(AND) 만족하며 들어오는 연결을 허용한다.",
    ),
    "tier.accept.out": (
        "{rule}, {action}: an outgoing connection is accepted if both of these match (AND):",
        "{rule}, {action}: 다음 두 조건을 모두(AND) 만족하며 나가는 연결을 허용한다.",
    ),
    "tier.deny.in": (
        "{rule}, {action}: an incoming connection is denied if both of these match (AND):",
        "{rule}, {action}: 다음 두 조건을 모두(AND) 만족하며 들어오는 연결을 거부한다.",
    ),
    "tier.deny.out": (
        "{rule}, {action}: an outgoing connection is denied if both of these match (AND):",
        "{rule}, {action}: 다음 두 조건을 모두(AND) 만족하며 나가는 연결을 거부한다.",
    ),
    "tier.pass.in": (
        "{rule}, {action}: an incoming connection skips the rest of tier {tier} if both of these match (AND):",
        "{rule}, {action}: 다음 두 조건을 모두(AND) 만족하며 들어오는 연결은 {tier} 티어의 나머지를 건너뛴다.",
    ),
    "tier.pass.out": (
        "{rule}, {action}: an outgoing connection skips the rest of tier {tier} if both of these match (AND):",
        "{rule}, {action}: 다음 두 조건을 모두(AND) 만족하며 나가는 연결은 {tier} 티어의 나머지를 건너뛴다.",
    ),
    "pass.admin": (
        "NetworkPolicies then decide for pods that they isolate, and tier Baseline for the others.",
        "그다음에는 네트워크폴리시가 격리하는 파드는 네트워크폴리시가, 나머지 파드는 Baseline 티어가 결정한다.",
    ),
    "pass.baseline": (
        "Nothing is evaluated after tier Baseline, so the connection is allowed.",
        "Baseline 티어 다음에는 평가할 정책이 없으므로 연결은 허용된다.",
    ),
    "tier.closed.accept": (
        "{rule} cannot be read, so it accepts nothing: {reasons}",
        "{rule}: 읽을 수 없으므로 아무것도 허용하지 않는다: {reasons}",
    ),
    "tier.closed.in": (
        "{rule} cannot be read, so it denies every incoming connection: {reasons}",
        "{rule}: 읽을 수 없으므로 들어오는 모든 연결을 거부한다: {reasons}",
    ),
    "tier.closed.out": (
        "{rule} cannot be read, so it denies every outgoing connection: {reasons}",
        "{rule}: 읽을 수 없으므로 나가는 모든 연결을 거부한다: {reasons}",
    ),
    "never": (
        "This never decides, in any cluster, because these rules are evaluated first and decide all of it:",
        "다음 규칙이 먼저 평가되어 모두 결정하므로, 어떤 클러스터에서도 이 부분은 아무것도 결정하지 않는다.",
    ),
    "tier.ports.any": (
        "on every port of every protocol, also ICMP, because `{field}` is absent",
        "포트: ICMP를 포함한 모든 프로토콜의 모든 포트(`{field}` 필드가 없음)",
    ),
    "tier.port.named.in": (
        "the port named {name} of the selected pod, whatever its protocol",
        "선택된 파드에서 이름이 {name}인 포트(프로토콜은 무관)",
    ),
    "tier.port.named.out": (
        "the port named {name} of the destination pod, whatever its protocol",
        "받는 파드에서 이름이 {name}인 포트(프로토콜은 무관)",
    ),
    "tier.port.now.none": (
        "Right now no selected pod has a port with this name, so it matches nothing",
        "지금은 그런 이름의 포트를 가진 선택된 파드가 없으므로 아무것도 일치하지 않음",
    ),
    "peer.nodes.all": ("all nodes", "모든 노드"),
    "peer.nodes": ("nodes that have {labels}", "다음 조건의 노드({labels})"),
    "peer.domains": ("the domain names {names} (not enforced yet)", "도메인 이름 {names}(아직 적용하지 않음)"),
    "nodes.now": ("Right now {names}", "지금은 {names}"),
    "nodes.now.none": ("Right now no node in the input", "지금 입력에는 해당하는 노드가 없음"),
    "tier.networks": (
        "This matches pods and nodes with such an address as well.",
        "이 주소를 가진 파드와 노드도 해당한다.",
    ),
    "tier.domains": (
        "Domain names are read but not enforced: this matches no connection.",
        "도메인 이름은 읽기만 하고 적용하지 않으므로 어떤 연결도 일치하지 않는다.",
    ),
    "tier.pods_only": (
        "Connections from outside the cluster and from nodes match no rule, because `from` matches only pods.",
        "`from`은 파드만 가리키므로, 클러스터 밖이나 노드에서 들어오는 연결은 어떤 규칙과도 일치하지 않는다.",
    ),
    "tier.rest.admin.next": (
        (
            "What no rule matches goes on to the policies of the tier that are evaluated after this one. What they "
            "leave undecided, and what a rule passes, goes on to NetworkPolicies, then to tier Baseline, and is "
            "otherwise allowed."
        ),
        (
            "어떤 규칙과도 일치하지 않는 연결은 이 티어에서 나중에 평가되는 정책으로 넘어간다. 그 정책이 결정하지 "
            "않은 연결과 Pass 규칙과 일치하는 연결은 네트워크폴리시, 그다음 Baseline 티어로 넘어가고, 아무도 "
            "결정하지 않으면 허용된다."
        ),
    ),
    "tier.rest.admin.last": (
        ("What its rules leave undecided goes on to NetworkPolicies, then to tier Baseline, and is otherwise allowed."),
        (
            "이 규칙들이 결정하지 않은 연결은 네트워크폴리시, 그다음 Baseline 티어로 넘어가고, 아무도 결정하지 "
            "않으면 허용된다."
        ),
    ),
    "tier.rest.baseline.next": (
        (
            "What no rule matches goes on to the policies of the tier that are evaluated after this one. What they "
            "leave undecided, and what a rule passes, is allowed."
        ),
        (
            "어떤 규칙과도 일치하지 않는 연결은 이 티어에서 나중에 평가되는 정책으로 넘어간다. 그 정책이 결정하지 "
            "않은 연결과 Pass 규칙과 일치하는 연결은 허용된다."
        ),
    ),
    "tier.rest.baseline.last": (
        "What its rules leave undecided is allowed.",
        "이 규칙들이 결정하지 않은 연결은 허용된다.",
    ),
    "following.policies": (
        "Right now for {count} ({names}) NetworkPolicies decide: {policies}",
        "지금은 {count}({names})에 대해 다음 네트워크폴리시가 결정함: {policies}",
    ),
    "following.baseline": (
        "Right now for {count} ({names}) tier Baseline decides: {policies}",
        "지금은 {count}({names})에 대해 Baseline 티어의 다음 정책이 결정함: {policies}",
    ),
    "following.nothing": (
        "Right now for {count} ({names}) nothing else decides, so it is allowed",
        "지금은 {count}({names})에 대해 더 평가할 정책이 없으므로 허용됨",
    ),
    "following.isolated": (
        "Right now it is not evaluated for {count} ({names}), which NetworkPolicies isolate: {policies}",
        "지금은 네트워크폴리시가 격리하는 {count}({names})에 대해 평가되지 않음. 격리하는 정책: {policies}",
    ),
    "following.more": ("and {number} more groups of pods", "그 밖의 파드 묶음 {number}개"),
    "note.itself": (
        "Policies of tiers also apply to the connections of a pod to itself through a Service.",
        "티어의 정책은 파드가 서비스를 거쳐 자기 자신에게 보내는 연결에도 적용된다.",
    ),
    "tier.subject.all": (
        "Its subject is all pods in all namespaces.",
        "대상(subject): 모든 네임스페이스의 모든 파드.",
    ),
    "tier.rest.none": (
        "So it leaves no connection for others to decide.",
        "따라서 다른 정책이 결정할 연결은 남지 않는다.",
    ),
    # NetworkPolicies below tiers
    "tiers.first": (
        (
            "Policies of tier Admin are evaluated first for some or all of these pods; only what they leave "
            "undecided gets here: {policies}"
        ),
        (
            "다음 Admin 티어 정책이 이 파드의 일부 또는 전부에 대해 먼저 평가되며, 그 정책이 결정하지 않은 연결만 "
            "여기에 이른다: {policies}"
        ),
    ),
    "tiers.decide": (
        (
            "This policy decides nothing in this direction, in any cluster, because these rules are evaluated first "
            "and decide everything:"
        ),
        (
            "다음 규칙이 먼저 평가되어 모두 결정하므로, 어떤 클러스터에서도 이 정책은 이 방향에서 아무것도 결정하지 "
            "않는다."
        ),
    ),
    "rest.undecided.in": (
        ("So this policy denies no incoming connection, and no other NetworkPolicy can; policies of tier Admin can."),
        (
            "따라서 이 정책 때문에 들어오지 못하는 연결은 없고, 다른 네트워크폴리시도 막을 수 없다. Admin 티어의 "
            "정책은 막을 수 있다."
        ),
    ),
    "rest.undecided.out": (
        ("So this policy denies no outgoing connection, and no other NetworkPolicy can; policies of tier Admin can."),
        (
            "따라서 이 정책 때문에 나가지 못하는 연결은 없고, 다른 네트워크폴리시도 막을 수 없다. Admin 티어의 "
            "정책은 막을 수 있다."
        ),
    ),
    # a pod that tiers judge
    "join.or": (" or ", " 또는 "),
    "pod.judged.in": (
        "Incoming connections (ingress): evaluated in this order, and the first decision is final.",
        "들어오는 연결(인그레스): 다음 순서로 평가하며, 먼저 내려진 결정을 따른다.",
    ),
    "pod.judged.out": (
        "Outgoing connections (egress): evaluated in this order, and the first decision is final.",
        "나가는 연결(이그레스): 다음 순서로 평가하며, 먼저 내려진 결정을 따른다.",
    ),
    "stage.tier": (
        "Tier {tier}: these rules are evaluated in this order, and the first one that matches decides.",
        "{tier} 티어: 규칙을 다음 순서로 평가하며, 처음으로 일치하는 규칙이 결정한다.",
    ),
    "stage.rule.in": (
        "{policy}: {rule}, {action}: from {peers}; on {ports}",
        "{policy}: {rule}, {action}. 출발지: {peers}. 포트: {ports}",
    ),
    "stage.rule.out": (
        "{policy}: {rule}, {action}: to {peers}; on {ports}",
        "{policy}: {rule}, {action}. 목적지: {peers}. 포트: {ports}",
    ),
    "stage.closed.accept": (
        "{policy}: {rule} cannot be read, so it accepts nothing",
        "{policy}: {rule:은/는} 읽을 수 없으므로 아무것도 허용하지 않음",
    ),
    "stage.closed.deny": (
        "{policy}: {rule} cannot be read, so it denies everything",
        "{policy}: {rule:은/는} 읽을 수 없으므로 모두 거부함",
    ),
    "stage.rest.policies": (
        "What these rules leave undecided goes on to NetworkPolicies.",
        "이 규칙들이 결정하지 않은 연결은 네트워크폴리시로 넘어간다.",
    ),
    "stage.rest.baseline": (
        "What these rules leave undecided goes on to tier Baseline.",
        "이 규칙들이 결정하지 않은 연결은 Baseline 티어로 넘어간다.",
    ),
    "stage.rest.allowed": (
        "What these rules leave undecided is allowed.",
        "이 규칙들이 결정하지 않은 연결은 허용된다.",
    ),
    "stage.policies": (
        "NetworkPolicies: they decide all the rest, because the pod is isolated by {policies}.",
        "네트워크폴리시: 이 파드가 격리되어 있으므로 나머지를 모두 결정한다. 이 파드를 선택하는 정책: {policies}.",
    ),
    "stage.skipped": (
        "Tier Baseline is not evaluated, because NetworkPolicies decide: {policies}",
        "네트워크폴리시가 결정하므로 Baseline 티어는 평가되지 않는다: {policies}",
    ),
}
