"""What a person sees at a glance and axe does not: words and figures that are broken in the middle,
and a page that runs over its own foot."""

from playwright.sync_api import Page

_BROKEN = r"""() => {
  const word = /^[("“]?[A-Za-z]{2,24}[)"”.,:;?]*$/;
  const figure = /^[+−-]?(NT\$)?\d{1,3}(,\d{3})*(\.\d+)?%?$/;
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const within = text.parentElement;
    if (within.closest("script, style, code, kbd, pre, option, .visually-hidden")) continue;
    if (!within.checkVisibility()) continue;
    for (const token of text.data.matchAll(/\S+/g)) {
      if (!word.test(token[0]) && !figure.test(token[0])) continue;
      const range = document.createRange();
      range.setStart(text, token.index);
      range.setEnd(text, token.index + token[0].length);
      const lines = [...range.getClientRects()].filter((one) => one.width > 0);
      if (lines.some((one) => one.top - lines[0].top > 4)) found.push(token[0]);
    }
  }
  return found;
}"""
_OVER = """() => {
  const foot = document.querySelector(".foot");
  if (!foot || !foot.offsetParent) return [];
  const top = foot.getBoundingClientRect().top;
  return [...document.querySelectorAll("#main > *, #main > * > *")]
    .filter((one) => one.getBoundingClientRect().bottom > top + 1 && one.offsetParent)
    .map((one) => one.tagName.toLowerCase() + (one.className ? `.${one.className}` : ""));
}"""


def no_broken_words(page: Page) -> None:
    """Fail with the words and figures that go on in the next line without a hyphen."""
    broken = page.evaluate(_BROKEN)
    assert not broken, f"broken in the middle: {', '.join(broken[:8])}"


def nothing_over_the_foot(page: Page) -> None:
    """Fail with what is higher than the page's own column, and so lies over its foot."""
    over = page.evaluate(_OVER)
    assert not over, f"runs over the foot: {', '.join(over[:8])}"
