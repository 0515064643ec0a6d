"""JUnit XML: a test case for each check. Read by GitLab, Jenkins, Azure and most that show tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mock_server.contract.report.shown import Shown, ShownFinding
from mock_server.contract.report.terminal import finding_lines

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 cannot hold, not even as a reference."""


def junit_report(shown: Shown) -> str:
    """One suite. A check with findings that count fails, one that was not made is skipped."""
    suite = Element("testsuite", {"name": f"mock-server contract {_text(shown.result.url)}"})
    cases = list(_cases(shown))
    suite.extend(cases)
    suite.attrib |= {
        "tests": str(len(cases)),
        "failures": str(sum(each.find("failure") is not None for each in cases)),
        "errors": str(sum(each.find("error") is not None for each in cases)),
        "skipped": str(sum(each.find("skipped") is not None for each in cases)),
        "time": f"{shown.result.seconds:.3f}",
    }
    SubElement(suite, "system-out").text = _text("\n".join(_rest(shown)))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _cases(shown: Shown) -> Iterator[Element]:
    if shown.result.error:
        case = _case("contract", "run")
        SubElement(case, "error", {"message": _text(shown.result.error.splitlines()[0])}).text = _text(
            shown.result.error
        )
        yield case
    failed: dict[tuple[str, str], list[ShownFinding]] = {}
    for finding in shown.of_group("finding"):
        for check in finding.checks or (finding.check,):
            failed.setdefault((check, finding.operation), []).append(finding)
    for (check, operation), findings in failed.items():
        case = _case(check, operation)
        for finding in findings:
            attributes = {"type": _text(finding.key), "message": _text(finding.title)}
            SubElement(case, "failure", attributes).text = _text("\n".join(finding_lines(finding)))
        yield case
    broken = {check for check, _ in failed}
    for name in shown.result.passed:
        yield _case(name, "")
    for why, checks in shown.not_run:
        for name in dict.fromkeys(checks):
            if name not in broken:
                case = _case(name, "")
                SubElement(case, "skipped", {"message": _text(why)})
                yield case
    if shown.result.interrupted:
        case = _case("contract", "run")
        SubElement(case, "error", {"message": "interrupted"})
        yield case


def _case(check: str, operation: str) -> Element:
    """``classname`` is the family: viewers group by it."""
    name = f"{check} {operation}".strip()
    return Element("testcase", {"classname": f"contract.{check.partition('.')[0]}", "name": _text(name), "time": "0"})


def _rest(shown: Shown) -> Iterator[str]:
    """What does not fail: differences from assumptions, warnings, coverage."""
    yield shown.headline
    for group in ("assumption", "warning"):
        for finding in shown.of_group(group):
            yield ""
            yield from finding_lines(finding)
    yield ""
    yield from (f"{row.operation} {row.kind} {row.name}: {row.state} {row.how}".rstrip() for row in shown.coverage)


def _text(text: str) -> str:
    """What XML can hold; a character that it cannot is replaced."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
