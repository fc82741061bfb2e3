"""What every Kubernetes object has: metadata, and the rules by which its struct decodes.

All structs are frozen and keyword-only, with the API's camelCase on the wire and snake_case in Python. They are
*projections*: they hold the fields that network policies and the lab need and ignore the others, so that a dump of a
whole cluster decodes quickly and stays small. Lists are tuples. Mappings are typed `Mapping`: many objects share one,
so they must not be written to.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from haechi.model.problem import ObjectName

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer that the API allows 64 bits; all others have 32."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Base of all API structs: frozen, keyword-only, camelCase on the wire, invisible to the cycle collector."""


class OwnerReference(Struct, frozen=True, kw_only=True):
    """metadata.ownerReferences[]: the object that made this one."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Struct, frozen=True, kw_only=True):
    """metadata of every object. A timestamp is RFC 3339 text; an absent string is ``""``."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    uid: str = ""
    resource_version: str = ""
    generation: Int64 = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()


class Resource(Struct, frozen=True, kw_only=True):
    """An object of its own in the API: it has a kind, an apiVersion and metadata."""

    kind: ClassVar[str] = ""
    api_version: ClassVar[str] = ""
    namespaced: ClassVar[bool] = True

    metadata: ObjectMeta = ObjectMeta()

    @property
    def name(self) -> str:
        """metadata.name."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """metadata.namespace, or `default` where a namespaced object has none; ``""`` for cluster-scoped kinds."""
        return (self.metadata.namespace or "default") if self.namespaced else ""

    @property
    def labels(self) -> Mapping[str, str]:
        """metadata.labels."""
        return self.metadata.labels

    @property
    def key(self) -> str:
        """`namespace/name`, or `name` for cluster-scoped kinds: unique among the objects of one kind."""
        return f"{self.metadata.namespace or 'default'}/{self.metadata.name}" if self.namespaced else self.metadata.name

    @property
    def display_name(self) -> str:
        """`Kind/namespace/name`, for messages."""
        return str(self.object_name)

    @property
    def object_name(self) -> ObjectName:
        """Which object it is."""
        return ObjectName(self.kind, self.namespace, self.name)
