"""Visiting a page in a browser: its address, and when it has been drawn."""

WIDTHS = (1440, 390)


def settle(page):
    page.wait_for_selector("h1")
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running]')")
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached")
    page.wait_for_timeout(250)


def address(site, name):
    return site if name == "lecture" else f"{site}/{name}"
