"""Takes the picture in the README from the running demo: `make screenshot` (needs Debian's Chromium)."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "screenshot.png"
# A scout of the demo firm, as `make demo` prints her.
PERSON, PASSWORD = "grace", "conveyor"
WIDTH, HEIGHT = 1440, 900


def main() -> int:
    """Signs in and takes the picture."""
    address = f"http://localhost:{os.environ.get('PORT') or 8000}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        try:
            page.goto(address)
        except Error:
            print(f"Nothing answers at {address}: start the demo first.", file=sys.stderr)
            return 1
        page.fill("input[name=login]", PERSON)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(address)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"Took {PICTURE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
