"""From the text of a source to objects, document by document.

    source ─ split ─┬─ JSON ─ list? ─ items ─┬─ kind? ─┬─ bytes straight to struct ─┬─ admission
                    └─ YAML ─ list? ─ items ─┘         └─ plain data, all mistakes ─┘
    whatever leaves this line on the way becomes a problem

JSON of the kinds that a cluster has in thousands goes straight from bytes to structs; the careful decoder sees it only
if msgspec refuses it. A list may hold lists, `MAX_LISTS` deep.
"""

from __future__ import annotations

import codecs
import re
from itertools import accumulate, pairwise

from haechi.model import jsontext, yamltext
from haechi.model.admission import Admission
from haechi.model.kinds import Unusable, is_list, item_kind, kind_of
from haechi.model.loaded import Place
from haechi.model.problem import Code, ObjectName, Problem, Severity
from haechi.model.source import Source
from haechi.model.tree import Data, LimitProblem, ParsedDocument, RepeatedKeys, SyntaxProblem, byte_length

MAX_ERRORS = 1000
MAX_LISTS = 4
_JOINED = "a second object begins here without a --- line before it"

_ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_SEPARATOR = re.compile(rb"---[ \t]*(?:#[^\n]*)?\r?\n")
_YAML_NAMES = (".yaml", ".yml")
_TOO_MANY_LISTS = Unusable(Severity.ERROR, Code.LIMIT, f"lists within lists, more than {MAX_LISTS} deep")


def read(source: Source, admission: Admission) -> None:
    """Admit all objects of a source; reading stops after `MAX_ERRORS` errors, with one more that says so.

    The last document stays parsed in `source`.
    """
    encoding = next((name for mark, name in _ENCODINGS.items() if source.data.startswith(mark)), None)
    if encoding is not None:
        message = f"is {encoding} text; save it as UTF-8"
        admission.report(Problem(Severity.ERROR, Code.ENCODING, message, source.whole))
        return
    before = len(admission.problems), len(admission.objects)
    most = admission.error_count + MAX_ERRORS
    begin = len(codecs.BOM_UTF8) if source.data.startswith(codecs.BOM_UTF8) else 0
    for first, end in yamltext.split_yaml(source.data, begin):
        if admission.error_count >= most:
            message = f"not read from here on: {MAX_ERRORS} errors in this input"
            admission.refuse(Unusable(Severity.ERROR, Code.LIMIT, message), Place(source, first, end, is_json=True))
            break
        _Document(source, first, end, admission).read()
    if (len(admission.problems), len(admission.objects)) == before:
        admission.report(Problem(Severity.WARNING, Code.EMPTY, "holds no objects", source.whole))


class _Document:
    """What lies between two `---` lines: one YAML document or any number of JSON ones."""

    def __init__(self, source: Source, begin: int, end: int, admission: Admission, *, is_part: bool = False) -> None:
        self.source, self.begin, self.end, self.admission = source, begin, end, admission
        self.is_part = is_part  # of a document that several objects were joined to

    def read(self) -> None:
        """Admit its objects or report why it cannot be read."""
        self.admission.progress(self.source, self.begin)
        separator = _SEPARATOR.match(self.source.data, self.begin, self.end)
        content = separator.end() if separator else self.begin
        looks_like_json = jsontext.looks_like_json(self.source.data, content)
        admitted = len(self.admission.objects)
        try:
            if looks_like_json:
                self._json_stream(content)
            else:
                self._yaml()
        except SyntaxProblem as problem:
            nothing_yet = len(self.admission.objects) == admitted
            if not (looks_like_json and nothing_yet and self._reads_as_yaml()):
                self._report(problem)

    def _reads_as_yaml(self) -> bool:
        """Whether text that begins like JSON but is none is YAML, which kubectl tries as well."""
        if not self.source.name.endswith(_YAML_NAMES):
            return False
        try:
            self._yaml()
        except SyntaxProblem:
            return False
        return True

    def _yaml(self) -> None:
        if self._large_list():
            return
        tree = yamltext.parse_yaml(self.source.data, self.begin, self.end)
        joined = self._joined(tree)
        for begin, end in pairwise((self.begin, *joined, self.end)) if joined else ():
            if begin != self.begin:
                self.admission.report(Problem(Severity.ERROR, Code.SYNTAX, _JOINED, self.source.at(begin)))
            _Document(self.source, begin, end, self.admission, is_part=True).read()
        if joined:
            return
        self.source.parsed = ((self.begin, self.end), tree)
        if tree.data is not None:
            self._object(tree.data, Place(self.source, self.begin, self.end))
        elif self.source.data[self.begin : self.end].strip(b"- \t\r\n"):
            self._refuse_value(tree.data, Place(self.source, self.begin, self.end))

    def _large_list(self) -> bool:
        """Admit the items of a large list one by one, if it is written so that they can be cut out."""
        cut = yamltext.split_list(self.source.data, self.begin, self.end)
        try:
            head = yamltext.parse_yaml(cut[0], 0, len(cut[0])).data if cut else None
        except SyntaxProblem:
            return False  # the whole has the right place
        if not cut or type(head) is not dict or not is_list(head.get("kind")) or head.get("items", 0) is not None:
            return False
        for begin, end in cut[1]:
            self.admission.progress(self.source, begin)
            try:
                tree = yamltext.parse_yaml(self.source.data, begin, end)
            except SyntaxProblem as problem:
                self._report(problem)
                continue
            self.source.parsed = ((begin, end), tree)
            items = tree.data if isinstance(tree.data, list) else []
            for index, item in enumerate(items):
                self._item(item, Place(self.source, begin, end, (index,)), (head.get("apiVersion"), head["kind"]), 1)
        return True

    def _report(self, problem: SyntaxProblem) -> None:
        code = Code.LIMIT if isinstance(problem, LimitProblem) else Code.SYNTAX
        self.admission.report(Problem(Severity.ERROR, code, problem.message, self.source.at(problem.offset)))

    def _joined(self, tree: ParsedDocument) -> tuple[int, ...]:
        """Where further objects begin in a document that several were joined to: apiVersion and kind occur again."""
        data = tree.data
        if self.is_part or not isinstance(data, RepeatedKeys) or not {"apiVersion", "kind"} <= {*data.repeated}:
            return ()
        lengths = (byte_length(tree.text[one:other], other - one) for one, other in pairwise((0, *data.again)))
        offsets = [tree.begin + length for length in accumulate(lengths)]
        lines = [self.source.data.rfind(b"\n", self.begin, offset) + 1 for offset in offsets]
        at_line_starts = all(
            begin > self.begin and not self.source.data[begin:offset].strip()
            for begin, offset in zip(lines, offsets, strict=True)
        )
        return tuple(lines) if at_line_starts else ()

    def _object(self, data: Data, place: Place, names: tuple[object, object] | None = None, lists: int = 0) -> None:
        """An object, or the items of a list, as plain data; `names` are apiVersion and kind if a list says them."""
        if not isinstance(data, dict):
            self._refuse_value(data, place)
            return
        api_version, kind = names or (data.get("apiVersion"), data.get("kind"))
        if is_list(kind) and isinstance(data.get("items", 0), list | None):
            for index, item in enumerate(data["items"] or ()):
                inner = Place(place.source, place.begin, place.end, (*place.prefix, "items", index), place.is_json)
                self._item(item, inner, (api_version, kind), lists + 1)
            return
        found = kind_of(api_version, kind)
        if isinstance(found, Unusable):
            name = _object_name(data) if found.code is Code.OTHER_POLICY else None
            self.admission.refuse(found, place, name)
        else:
            self.admission.admit(found, data, place)

    def _item(self, data: Data, place: Place, names: tuple[object, object], lists: int) -> None:
        """An item of a list of the given apiVersion and kind."""
        if lists > MAX_LISTS:
            self.admission.refuse(_TOO_MANY_LISTS, place)
            return
        own = (data.get("apiVersion"), data.get("kind")) if isinstance(data, dict) else (None, None)
        self._object(data, place, item_kind(*names, *own), lists)

    def _refuse_value(self, data: Data, place: Place) -> None:
        what = "nothing" if data is None else "a list" if isinstance(data, list) else "a single value"
        self.admission.refuse(Unusable(Severity.ERROR, Code.NOT_AN_OBJECT, f"must be an object, not {what}"), place)

    def _json_stream(self, content: int) -> None:
        for begin, end in jsontext.split(self.source.data, content, self.end):
            self._json(begin, end, None, 0)

    def _json(self, begin: int, end: int, names: tuple[object, object] | None, lists: int) -> None:
        place = Place(self.source, begin, end, is_json=True)
        if lists > MAX_LISTS:
            self.admission.refuse(_TOO_MANY_LISTS, place)
            return
        text = self.source.data[begin:end]
        envelope = jsontext.envelope(text)
        if envelope is None:
            self._object(jsontext.parse(text, begin), place, lists=lists)
            return
        own = (envelope.api_version, envelope.kind)
        api_version, kind = item_kind(*names, *own) if names else own
        items = jsontext.items(envelope.items, self.source.data, begin) if is_list(kind) else None
        if items is not None:
            for first, after in items:
                self._json(first, after, (api_version, kind), lists + 1)
            return
        found = kind_of(api_version, kind)
        if isinstance(found, Unusable):
            is_policy = found.code is Code.OTHER_POLICY
            self.admission.refuse(found, place, _object_name(jsontext.parse(text, begin)) if is_policy else None)
        elif not self.admission.admit_json(found, text, place):
            self.admission.admit(found, jsontext.parse(text, begin), place)


def _object_name(data: Data) -> ObjectName:
    """What an object that is not decoded calls itself."""
    names = data if isinstance(data, dict) else {}
    metadata = names.get("metadata")
    inner = metadata if isinstance(metadata, dict) else {}
    texts = (names.get("kind"), inner.get("namespace"), inner.get("name"))
    return ObjectName(*(text if isinstance(text, str) else "" for text in texts))
