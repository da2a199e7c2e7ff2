"""The client's look: contrast by WCAG's formula, colours that fail, logos of the wrong kind."""

import pytest

from cxlib import CxError
from cxlib.places import study_file
from cxlib.report import brand as look
from cxlib.study_yml import read_codebook

LINKED = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://example.org/a.png" width="5" height="5"/></svg>'


def test_contrast_is_that_of_wcag():
    assert look.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert look.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the textbook's just-failing grey
    assert look.contrast("#ff0000", "#ffffff") == pytest.approx(3.998, abs=0.001)


@pytest.mark.parametrize("colour", ["#ffcc00", "#00ff00", "#ffffff", "#ff0000", "#1f5f8b", "#000000"])
def test_a_colour_is_darkened_until_text_can_be_read_on_it(colour):
    used = look.readable(colour)
    assert look.contrast(used, "#ffffff") >= 4.5
    assert (used == colour) == (look.contrast(colour, "#ffffff") >= 4.5)


def made(make, block: str, files=None):
    folder = make("questions: {a: {role: single}}", "a\n1\n", top=f"study: tiny\ntitle: Tiny\nsample: opt_in\n{block}")
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    file = study_file(folder)
    return look.brand(file, read_codebook(file))


def test_a_colour_that_fails_is_adjusted_and_said(make):
    found = made(make, "brand: {colour: '#FFCC00', confidentiality: For the board only}\n")
    assert found.colour == look.readable("#ffcc00")
    assert found.adjusted == (
        "The colour #ffcc00 has a contrast of 1.5 on white, under the 4.5 that text needs (WCAG 2.2); "
        f"{found.colour} stands in its place."
    )
    assert found.confidentiality == "For the board only"
    assert made(make, "brand: {colour: '#123456'}\n").adjusted == ""


@pytest.mark.parametrize(
    ("block", "files", "message"),
    [
        ("brand: {logo: l.gif}\n", {"l.gif": b"GIF"}, "a logo is a PNG, JPEG or SVG file"),
        ("brand: {logo: l.png}\n", {"l.png": b"not one"}, "the file's name says image/png, its content does not"),
        ("brand: {logo: l.png}\n", {}, "the logo file l.png is not in"),
        ("brand: {logo: l.png}\n", {"l.png": b"\x89PNG\r\n\x1a\n"}, "l.png: the logo cannot be drawn: failed"),
        ("brand: {logo: l.jpg}\n", {"l.jpg": b"\xff\xd8\xff\xe0"}, "l.jpg: the logo cannot be drawn: failed to decode"),
        ("brand: {logo: l.svg}\n", {"l.svg": b"<svg><"}, "l.svg: the logo cannot be drawn: failed to parse SVG"),
        ("brand: {logo: l.svg}\n", {"l.svg": LINKED}, "http://example.org/a.png in SVG (URLs are not allowed)"),
        ("brand: {logo: l.svgz}\n", {"l.svgz": b"\x1f\x8b"}, "a logo is a PNG, JPEG or SVG file"),
        (
            "brand: {colour: red}\n",
            {},
            "a colour is # and six hexadecimal digits in quotes, e.g. '#1f5f8b'; found 'red'",
        ),
        ("brand: {color: '#123456'}\n", {}, "unknown key color; did you mean colour"),
        ("disclosure: {frane: x}\n", {}, "unknown key frane; did you mean frame"),
    ],
)
def test_faults_of_the_brand_are_told(make, block, files, message):
    with pytest.raises(CxError) as error:
        made(make, block, files)
    assert message in str(error.value)
