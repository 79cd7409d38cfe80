"""Somebody who looks at the dashboard in a real browser, and what the browser complained of."""

from typing import Final

from playwright.sync_api import Browser, Locator, Page

from tests.consumers.risk_monitor.door.stands import BOUND_S

BOUND_MS: Final = 1_000 * BOUND_S
NAMES: Final = """() => {
  const named = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim()
    || [...(e.labels || [])].map((l) => l.textContent).join("").trim();
  return [...document.querySelectorAll("button, input, textarea, a, [role=meter], [role=img]")]
    .filter((e) => e.checkVisibility() && !named(e)).map((e) => e.outerHTML);
}"""
"""Finds controls and pictures without a name."""
IDS: Final = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  const doubled = ids.filter((id, n) => ids.indexOf(id) !== n);
  const asked = [...document.querySelectorAll("[aria-labelledby], [aria-describedby], [for]")]
    .flatMap((e) => ["aria-labelledby", "aria-describedby", "for"].map((a) => e.getAttribute(a)))
    .filter(Boolean);
  return [...doubled, ...asked.filter((id) => !ids.includes(id))];
}"""
"""Finds ids that are given twice, and references to none."""
CONTRAST: Final = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgba = (css) => (css.match(/[\\d.]+/g) || []).map(Number);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const found = rgba(getComputedStyle(e).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest("script, style, noscript")) continue;
    const style = getComputedStyle(e);
    const ink = e.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const [a, b] = [light(rgba(ink)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) weak.push(`${e.textContent.trim().slice(0, 40)}: ${ratio}`);
  }
  return weak;
}"""
"""Finds text below the contrast of WCAG 2.2, success criterion 1.4.3."""


class Visit:
    """A page, with what the browser complained of and asked for."""

    def __init__(
        self, browser: Browser, address: str, width: int = 1280, scheme: str = "light"
    ) -> None:
        self.page: Page = browser.new_page(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
        )
        self.page.set_default_timeout(BOUND_MS)
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url, address))
        self.page.goto(address)
        self.page.locator("#link:not([data-state=waiting])").wait_for()

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith(address):
            self.elsewhere.append(url)

    def sees(self, text: str, within: str = "body") -> None:
        """Wait until a text can be seen."""
        self.page.locator(within).get_by_text(text).first.wait_for()

    def button(self, name: str) -> Locator:
        """Return the button of this name."""
        return self.page.get_by_role("button", name=name)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, wanted: Locator, most: int = 40) -> None:
        """Press Tab until an element has the focus."""
        for _ in range(most):
            self.press("Tab")
            if wanted.evaluate("e => e === document.activeElement"):
                return
        raise AssertionError(f"{wanted} cannot be reached by {most} times Tab")

    def focused(self, what: str) -> object:
        """Return an expression of `e`, the element that has the focus."""
        return self.page.evaluate(f"() => {{ const e = document.activeElement; return {what}; }}")
