"""``hawk report``: one page that a browser shows without a server, complaints or freezing."""

import re
import struct
import zlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Browser, browser_executable, open_browser
from test_cli import hawk
from test_report import compiled  # noqa: F401  # pyright: ignore[reportUnusedImport]

from hawk_xdsl.inspection.collect import collect
from hawk_xdsl.inspection.compare import compare
from hawk_xdsl.inspection.document import NetworkDocument
from hawk_xdsl.inspection.layout import places_of
from hawk_xdsl.inspection.page import page_of

MANY = 1000
"""Launches of a large network."""


@pytest.fixture(scope="module")
def document(compiled: Path) -> NetworkDocument:  # noqa: F811
    return collect(compiled)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser]:
    executable = browser_executable()
    if executable is None:
        pytest.skip("no browser: install Debian's chromium-headless-shell")
    with open_browser(executable, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(document: NetworkDocument, tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    file.write_text(page_of(document), encoding="utf-8")
    return file


def enlarged(document: NetworkDocument, count: int) -> NetworkDocument:
    """The network as if its two launches followed each other many times, with skips."""
    launches = tuple(
        replace(
            document.launches[n % 2],
            reads=tuple(m for m in (n - 1, n - 7) if m >= 0),
            microseconds=1.0 + n % 13,
        )
        for n in range(count)
    )
    kernels = tuple(
        replace(kernel, launches=tuple(range(n, count, 2)))
        for n, kernel in enumerate(document.kernels)
    )
    return replace(document, launches=launches, kernels=kernels)


def colours_of(picture: Path) -> set[bytes]:
    """The colours of a PNG of 8 bits a channel, whose rows are filtered."""
    data = picture.read_bytes()
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    size = {2: 3, 6: 4}[kind]
    chunks, place = b"", 8
    while place < len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        if name == b"IDAT":
            chunks += data[place + 8 : place + 8 + length]
        place += length + 12
    raw, row, found = zlib.decompress(chunks), bytearray(width * size), set[bytes]()
    for y in range(height):
        start = y * (width * size + 1)
        line = bytearray(raw[start + 1 : start + 1 + width * size])
        for x in range(len(line)):
            left = line[x - size] if x >= size else 0
            above, corner = row[x], row[x - size] if x >= size else 0
            line[x] = (line[x] + _predicted(raw[start], left, above, corner)) & 255
        row = line
        found.update(bytes(line[x : x + 3]) for x in range(0, len(line), size))
    return found


def _predicted(how: int, left: int, above: int, corner: int) -> int:
    if how == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda each: abs(guess - each))
    return (0, left, above, (left + above) // 2)[how]


def test_the_page_is_one_file_without_outside_resources(page: Path) -> None:
    text = page.read_text()
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)", text)
    assert "Content-Security-Policy" in text and "default-src 'none'" in text
    assert (
        "http://" not in text.replace("http://www.w3.org/2000/svg", "") and "https://" not in text
    )


def test_what_a_network_is_called_cannot_end_the_script(document: NetworkDocument) -> None:
    named = replace(document.network, model="</script><b>x</b>")
    text = page_of(replace(document, network=named))
    assert "</script><b>" not in text
    assert text.count("</script>") == 2


def test_the_command_writes_the_page(
    compiled: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hawk("report", compiled) == 0
    assert "Report: report.html" in capsys.readouterr().out
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_a_click_on_a_box_shows_its_kernel(browser: Browser, page: Path) -> None:
    browser.open(page)
    place = "(() => { const g = hawkReport.graph, b = g.boxes[%d],"
    place += " r = g.canvas.getBoundingClientRect();"
    place += " return [r.left + g.view.x + (b.x + 20) * g.view.scale,"
    place += " r.top + g.view.y + (b.y + 20) * g.view.scale]; })()"
    for number, name, text in ((0, "matmul_0", "mmad a, b, acc"), (1, "rows_0", "vreduce max")):
        browser.click(*browser.value(place % number))
        shown = browser.value("document.getElementById('detail').innerText")
        assert f"Launch {number}: @{name}" in shown
        assert text in shown and f"npu.kernel @{name}" in shown  # kernel text and IR
        assert "Specification" in shown and "Why this kernel" in shown and "chosen" in shown
        assert "tiles on" in shown and "Not asked: hawk check-vendor" in shown
    assert browser.complaints == []


def test_the_keyboard_alone_reaches_every_launch(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.value("document.getElementById('graph').focus()")
    said = "document.getElementById('said').textContent"
    browser.press("Home")
    assert browser.value(said).startswith("Launch 0 of 2, matmul_0")
    browser.press("ArrowRight")
    assert browser.value(said).startswith("Launch 1 of 2, rows_0")
    before = browser.value("hawkReport.graph.view.scale")
    browser.press("+")
    assert browser.value("hawkReport.graph.view.scale") > before
    browser.press("0")
    assert browser.value("hawkReport.graph.view.scale") == before
    browser.press("Enter")
    assert browser.value("document.activeElement.id") == "detail"
    assert browser.complaints == []


def test_everything_that_is_operated_has_a_name(browser: Browser, page: Path) -> None:
    browser.open(page)
    nameless = browser.value(
        "[...document.querySelectorAll('button, select, input, canvas, [role=button]')].filter("
        "e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    assert browser.value("document.documentElement.lang") == "en"
    assert browser.value("document.querySelectorAll('h1').length") == 1
    assert browser.value(
        "[...document.querySelectorAll('table')].every(t => t.querySelector('th'))"
    )


def test_tables_sort_and_filter(browser: Browser, page: Path) -> None:
    browser.open(page)
    names = "[...document.querySelectorAll('#launches tbody tr:not([hidden]) button')]"
    names += ".map(b => b.textContent.replace('↳ ', ''))"  # a stage of the launch before it
    assert browser.value(names) == ["@matmul_0", "@rows_0"]
    head = "[...document.querySelectorAll('#launches th button')].find(b => b.textContent == '#')"
    browser.value(f"{head}.click()")
    assert browser.value(names) == ["@rows_0", "@matmul_0"]
    browser.value(
        "(() => { const f = document.getElementById('find'); f.value = 'matmul';"
        " f.dispatchEvent(new Event('input')); })()"
    )
    assert browser.value(names) == ["@matmul_0"]


def test_light_and_dark_differ_and_print_is_light(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.open(page, width=300, height=300)
    assert browser.value(ground) == "rgb(246, 247, 249)"
    browser.screenshot(tmp_path / "light.png")
    browser.open(page, width=300, height=300, dark=True)
    assert browser.value(ground) == "rgb(18, 22, 28)"
    browser.screenshot(tmp_path / "dark.png")
    light, dark = (colours_of(tmp_path / f"{name}.png") for name in ("light", "dark"))
    assert bytes((246, 247, 249)) in light and bytes((18, 22, 28)) in dark
    browser.command("Emulation.setEmulatedMedia", media="print")
    assert browser.value(ground) == "rgb(255, 255, 255)"
    assert browser.printed().startswith(b"%PDF")
    browser.command("Emulation.setEmulatedMedia", media="")


def test_of_a_thousand_launches_only_what_is_seen_is_drawn(
    browser: Browser, document: NetworkDocument, tmp_path: Path
) -> None:
    file = tmp_path / "many.html"
    file.write_text(page_of(enlarged(document, MANY)), encoding="utf-8")
    browser.open(file)
    browser.press("0")
    browser.value("hawkReport.graph.fit()")
    browser.frame()
    far = browser.value("hawkReport.graph.drawn")
    assert far["boxes"] == MANY and far["labels"] == 0
    for _ in range(12):
        browser.wheel(400, 400, -300)
    near = browser.value("hawkReport.graph.drawn")
    assert 0 < near["boxes"] < 50 and near["labels"] == near["boxes"]
    frames = near["frames"]
    browser.value("for (let i = 0; i < 500; i += 1) hawkReport.graph.move(1, 0)")
    browser.frame()
    assert browser.value("hawkReport.graph.drawn.frames") <= frames + 2  # not one a movement
    assert browser.value("document.querySelectorAll('#launches tbody tr').length") == MANY
    assert browser.complaints == []


def test_two_compiles_are_compared_by_what_they_compute(
    browser: Browser, document: NetworkDocument, tmp_path: Path
) -> None:
    matmul, rows = document.launches
    assert rows.microseconds is not None
    slower = replace(rows, microseconds=rows.microseconds + 5)
    other = replace(
        document,
        network=replace(document.network, microseconds=document.network.microseconds + 5),
        launches=(matmul, slower),
        decisions=(document.decisions[0], replace(document.decisions[1], text="another text\n")),
    )
    comparison = compare(document, other)
    assert [(op.here and op.here.kernels, op.change) for op in comparison.ops] == [
        (("rows_0",), -5.0),
        (("matmul_0",), 0.0),
    ]
    file = tmp_path / "compared.html"
    file.write_text(page_of(document, comparison), encoding="utf-8")
    browser.open(file)
    table = browser.value("document.getElementById('comparison').innerText")
    assert "−5.00 µs" in table and "the same" in table
    browser.value("hawkReport.choose(1)")
    detail = browser.value("document.getElementById('detail').innerText")
    assert "In the other compile" in detail and "another kernel text" in detail
    assert browser.complaints == []


def test_a_compile_without_launches_has_a_page(
    browser: Browser, document: NetworkDocument, tmp_path: Path
) -> None:
    network = replace(document.network, launches=0, bound_microseconds=None)
    empty = replace(document, network=network, launches=(), kernels=(), decisions=())
    file = tmp_path / "empty.html"
    file.write_text(page_of(empty), encoding="utf-8")
    browser.open(file)
    assert browser.complaints == []


def test_a_chain_is_wrapped_into_columns() -> None:
    places = places_of([[], *([n] for n in range(99))])
    columns, rows = {place.x for place in places}, {place.y for place in places}
    assert 1 < len(columns) < len(rows) and len(columns) * len(rows) >= 100


def test_what_reads_stands_below_and_what_is_independent_beside() -> None:
    places = places_of([[], [0], [0], [1, 2]])
    assert [place.y for place in places] == [0, 1, 1, 2]
    assert places[1].x != places[2].x
    assert places[0].x == places[3].x == (places[1].x + places[2].x) / 2
