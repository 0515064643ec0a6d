"""What is wrong with a document beyond what keeps it from being served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mock_server.errors import Broken, Problem
from mock_server.source import Pointer, load
from mock_server.spec.callbacks import callback_problems, read_callbacks, read_webhooks
from mock_server.spec.digits import unsafe_integers, unsafe_message
from mock_server.spec.document import Document, parse_reference
from mock_server.spec.generate import generate, generate_content, is_described, unsatisfiable
from mock_server.spec.media import Example, MediaType, is_checked, is_json
from mock_server.spec.operations import Operation, read_operations
from mock_server.spec.parameters import style_problems
from mock_server.spec.schema import SchemaError
from mock_server.spec.security import security_problems


def document_problems(document: Document) -> Iterator[Problem]:
    """Where the document as it was written breaks the OAS meta-schema (MS202), less what was told already."""
    from mock_server.spec.metaschema import meta_problems

    written = load(document.loaded.source)
    told = {problem.pointer for problem in document.problems() if problem.place}
    version = "2.0" if "openapi" not in written.data else document.version
    for problem in meta_problems(written, version):
        if problem.pointer not in told and problem.pointer not in ("/openapi", "/swagger"):
            yield replace(problem, severity="warning")


def schema_problems(document: Document, operations: list[Operation]) -> Iterator[Problem]:
    """Schemas that cannot be compiled (MS206)."""
    told: set[Pointer] = set()
    for operation in operations:
        contents = _contents(operation)
        schemas = [media.schema for content in contents for media in content]
        schemas += [parameter.schema for parameter in operation.parameters]
        for schema in filter(None, schemas):
            if schema.pointer in told:
                continue
            told.add(schema.pointer)
            try:
                schema.compile()
            except SchemaError as error:
                message = f"the schema cannot be compiled, so it takes anything: {error}"
                yield document.loaded.problem("MS206", message, schema.pointer, severity="warning")


def every_problem(document: Document) -> Iterator[Problem]:
    """What only ``check`` looks for. Warnings, for none of it hinders serving the rest; but a body that nobody
    can make is an error (MS245).
    """
    yield from document_problems(document)
    yield from schema_problems(document, read_operations(document))
    yield from thorough_problems(document)


def thorough_problems(document: Document) -> Iterator[Problem]:
    """Examples (MS207), integers (MS209), links (MS210), paths (MS211) and bodies that cannot be made (MS213)."""
    yield from security_problems(document)
    operations = read_operations(document)
    keys = {operation.operation_id for operation in operations}
    told: set[tuple[Pointer, Pointer]] = set()
    made: set[Pointer] = set()
    for operation in operations:
        yield from _content_problems(document, operation, told)
        yield from _bodiless(document, operation, made)
        yield from _link_problems(document, operation, keys)
        yield from _path_problems(document, operation)
        yield from _not_acted_on(document, operation)
        yield from callback_problems(operation)
    yield from _sent_problems(document, operations)
    contents = [content for operation in operations for content in _contents(operation)]
    described = [schema for content in contents for each in content for schema in (each.schema, each.item_schema)]
    yield from unsatisfiable(document, dict.fromkeys(each.pointer for each in described if each))
    for problem in unsatisfiable(document, dict.fromkeys(_parameters(operations))):
        yield replace(problem, severity="warning")


def _parameters(operations: list[Operation]) -> Iterator[Pointer]:
    """The schemas of the parameters: one that nobody can satisfy hinders no answer, it can only never be sent."""
    for operation in operations:
        yield from (each.schema.pointer for each in operation.parameters if each.schema)


def _sent_problems(document: Document, operations: list[Operation]) -> Iterator[Problem]:
    """Examples of what callbacks and webhooks send; bodies that cannot be made (MS249)."""
    broken: list[Problem] = []
    made: set[Pointer] = set()
    webhooks = [each for found in read_webhooks(document, broken).values() for each in found]
    yield from broken
    callbacks = (each for operation in operations for each in read_callbacks(operation))
    for callback in (*callbacks, *webhooks):
        for media in callback.body.content if callback.body else ():
            yield from _media_problems(document, media)
        media_type = callback.media
        if media_type is None or media_type.schema is None or media_type.examples or media_type.schema.pointer in made:
            continue
        made.add(media_type.schema.pointer)
        try:
            generate(document, media_type.schema.pointer, direction="request")
        except (Broken, SchemaError):
            message = f"no valid body can be made for {callback.method} of {callback.name!r}, so it is not sent"
            hint = "give the media type an example, or the callback a `body` in the operation's fixture"
            yield document.loaded.problem("MS249", message, media_type.schema.pointer, hint, severity="warning")


def _not_acted_on(document: Document, operation: Operation) -> Iterator[Problem]:
    """What is served as if it were not there (MS212)."""
    node, _ = document.at(operation.pointer, operation.pointer, "#")
    parts: list[tuple[str, Pointer]] = []
    yield from style_problems(document, node, operation.pointer)
    for media in operation.body.content if operation.body else ():
        if media.schema and not is_checked(media, media.name):
            parts.append((f"bodies of {media.name} are not checked", media.schema.pointer))
    for message, pointer in parts:
        yield document.loaded.problem("MS212", message, pointer, at="key", severity="warning")


def _contents(operation: Operation) -> list[tuple[MediaType, ...]]:
    own = [operation.body.content] if operation.body else []
    return own + [response.content for response in operation.responses.values()]


def _content_problems(
    document: Document, operation: Operation, told: set[tuple[Pointer, Pointer]]
) -> Iterator[Problem]:
    """An example that many operations share is held to a schema once."""
    for content in _contents(operation):
        for media in content:
            for example in media.examples:
                key = example.pointer, media.schema.pointer if media.schema else ()
                if key not in told:
                    told.add(key)
                    yield from _example_problems(document, media, example)


def _media_problems(document: Document, media: MediaType) -> Iterator[Problem]:
    for example in media.examples:
        yield from _example_problems(document, media, example)


def _example_problems(document: Document, media: MediaType, example: Example) -> Iterator[Problem]:
    for breach in media.schema.breaches(example.value) if media.schema and not _is_written(media, example) else ():
        pointer: Pointer = (*example.pointer, *breach.path)
        message = f"the example {example.name or 'here'} breaks its schema: {breach.message[:200]}"
        yield document.loaded.problem("MS207", message, pointer, severity="warning")
    for path, number in unsafe_integers(example.value):
        hint = "a client in JavaScript must parse it as text or BigInt"
        pointer = (*example.pointer, *path)
        yield document.loaded.problem("MS209", unsafe_message(number), pointer, hint, severity="warning")


def _is_written(media: MediaType, example: Example) -> bool:
    """Whether the example is the body as it stands on the wire, XML mostly, and not its value (OAS 3.1 §4.8.14)."""
    structured = media.shape is not None and media.shape.kinds <= {"object", "array", "null"}
    return structured and isinstance(example.value, str) and not is_json(media.name)


def _bodiless(document: Document, operation: Operation, made: set[Pointer]) -> Iterator[Problem]:
    """Responses that have no example and for which none can be made (MS213). A schema is tried once."""
    for response in operation.responses.values():
        for media in response.content:
            if is_described(media) and not media.examples:
                place = _tried(document, media)
                if place in made:
                    continue
                made.add(place)
                try:
                    generate_content(document, media)
                except Broken as broken:
                    yield from (replace(problem, severity="warning") for problem in broken.problems)
                except SchemaError:
                    continue  # MS206 tells of it


def _tried(document: Document, media: MediaType) -> Pointer:
    """What one body stands for: the schema that a reference leads to, unless something stands beside it."""
    schema = media.schema or media.item_schema
    assert schema is not None
    if media.item_schema is not None:
        return (*schema.pointer[:-1], "itemSchema")
    node, _ = document.at(schema.pointer, schema.pointer, "#")
    alone = isinstance(node, dict) and list(node) == ["$ref"]
    return document.follow(node, schema.pointer)[1] if alone else schema.pointer


def _link_problems(document: Document, operation: Operation, known: set[str]) -> Iterator[Problem]:
    for response in operation.responses.values():
        node, _ = document.at(response.pointer, response.pointer, "#")
        for name, raw in (node.get("links") or {}).items():
            pointer: Pointer = (*response.pointer, "links", name)
            link, at = document.follow(raw, pointer)
            target = link.get("operationId")
            if target is not None and target not in known:
                hint = f"the operationIds are {', '.join(sorted(known))}"
                message = f"the link {name!r} leads to {target!r}, which is no operation"
                yield document.loaded.problem("MS210", message, (*at, "operationId"), hint, severity="warning")
            reference = link.get("operationRef")
            if isinstance(reference, str) and (steps := parse_reference(reference)) is not None:
                try:
                    document.at(steps, (*at, "operationRef"), reference)
                except Broken as broken:
                    yield from (replace(problem, severity="warning") for problem in broken.problems)


def _path_problems(document: Document, operation: Operation) -> Iterator[Problem]:
    """OAS 3.1 §4.8.8.1: each template expression is a path parameter and each of those is required."""
    templated = {part.partition("}")[0] for part in operation.path.split("{")[1:]}
    declared = {each.name for each in operation.parameters if each.location == "path"}
    for name in sorted(templated ^ declared):
        missing = "no parameter describes it" if name in templated else "the path does not have it"
        yield document.loaded.problem("MS211", f"{{{name}}}: {missing}", operation.pointer, severity="warning")
