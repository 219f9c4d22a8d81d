"""What a screen in a lecture hall must be: its words large enough, dark enough, and none of them outside."""

from tests.browser.accessibility import BACKGROUND

# Words of charts whose contrast to the background of the page is too small, with their ratio.
FAINT = """
() => {
  const parts = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = colour => {
    const [r, g, b] = parts(colour).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const below = light(BACKGROUND);
  return [...document.querySelectorAll("[data-testid=stVegaLiteChart] svg text")].filter(one => one.textContent)
    .map(one => {
      const style = getComputedStyle(one), [low, high] = [below, light(style.fill)].sort((a, b) => a - b);
      return [one.textContent, (high + 0.05) / (low + 0.05), Number(style.opacity) * Number(style.fillOpacity)];
    })
    .filter(([, ratio, opacity]) => ratio < 4.5 || opacity < 1);
}
""".replace("BACKGROUND", BACKGROUND)
# Words smaller than so many pixels: those of charts, and all others that are seen.
SMALL = """
least => [...document.querySelectorAll("[data-testid=stMain] *")].filter(one =>
  [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    && !one.closest("style, script, noscript") && one.checkVisibility({ visibilityProperty: true })
    && one.getBoundingClientRect().width > 1 && parseFloat(getComputedStyle(one).fontSize) < least)
  .map(one => `${getComputedStyle(one).fontSize} ${one.textContent.slice(0, 60)}`)
"""
# What reaches beyond the window.
OUTSIDE = """
() => [...document.querySelectorAll("[data-testid=stMain] :is(h1, h4, p, button, svg, .decides)")]
  .filter(one => one.checkVisibility({ visibilityProperty: true })).filter(one => {
    const box = one.getBoundingClientRect();
    return box.width > 1 && (box.left < 0 || box.top < 0 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
  }).map(one => `${one.tagName} ${one.textContent.slice(0, 60)} ${Math.round(one.getBoundingClientRect().bottom)}`)
"""


def faint(page):
    """Return the words of charts that are too faint: text, contrast and opacity."""
    return page.evaluate(FAINT)
