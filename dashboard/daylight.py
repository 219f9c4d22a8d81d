"""A switch between light and dark: Streamlit has one, in a menu; this one takes a single click."""

from streamlit.components.v2 import component

KEY = "daylight"
SCRIPT = """
export default function ({ parentElement }) {
  const button = parentElement.querySelector("button");
  const dark = () => getComputedStyle(document.querySelector("[data-testid=stApp]")).colorScheme.includes("dark");
  const appear = (selector, tries = 40) => new Promise((found, lost) => {
    const look = () => {
      const element = document.querySelector(selector);
      if (element) found(element); else if (tries-- > 0) setTimeout(look, 25); else lost(new Error(selector));
    };
    look();
  });
  button.onclick = async () => {
    const wanted = dark() ? "Light" : "Dark";
    const menu = document.querySelector("[data-testid=stMainMenu] button");
    menu.click();
    (await appear(`[data-testid="stMainMenuItem-theme-${wanted}"]`)).click();
    if (menu.getAttribute("aria-expanded") === "true") menu.click();
    button.focus();
  };
}
"""
MARKUP = '<button type="button">Light or dark</button>'
STYLE = """
button {
  font: inherit; color: var(--st-text-color); background: none; cursor: pointer; padding: 0.25rem 0.5rem;
  border: 0; border-radius: 0.5rem; white-space: nowrap;
}
button:hover { color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""

_switch = component("daylight", html=MARKUP, css=STYLE, js=SCRIPT)


def switch() -> None:
    """Offer to turn light into dark, and dark into light."""
    _switch(key=KEY, width="content")
