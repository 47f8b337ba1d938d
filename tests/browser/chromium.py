"""Chromium without a screen: what a page looks like to a browser, measured by a script in it."""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--virtual-time-budget=10000",
    "--window-size=1300,1000",
)
_SCHEME = {"dark": 0, "light": 1}
_PAGE = """\
<!DOCTYPE html>
<html style="color-scheme: light dark">
<meta charset="utf-8">
<body>
{body}
<script>
function contrast(element, root) {{
  const canvas = document.createElement("canvas").getContext("2d", {{ willReadFrequently: true }});
  const paint = (colours) => {{
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {{ canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }}
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }};
  const luminance = (colour) => {{
    const parts = colour.map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  }};
  const grounds = [];
  for (let one = element; one; one = one.parentElement) grounds.unshift(getComputedStyle(one).backgroundColor);
  grounds.unshift(root);
  const ground = paint(grounds);
  const ink = paint([...grounds, getComputedStyle(element).color]);
  const [light, dark] = [luminance(ground), luminance(ink)].sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
}}
function texts(document) {{
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {{
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && !["STYLE", "SCRIPT"].includes(parent.tagName)) found.add(parent);
  }}
  return [...found];
}}
window.addEventListener("load", async () => {{
  let measured;
  try {{ measured = await (async () => {{ {script} }})(); }} catch (error) {{ measured = {{ error: String(error) }}; }}
  const told = document.createElement("pre");
  told.id = "measured";
  told.textContent = JSON.stringify(measured);
  document.body.replaceChildren(told);
}});
</script>
</body>
</html>
"""


def frame(document: str, width: int) -> str:
    """Return a frame of this width, in pixels, with a document in it."""
    return f'<iframe width="{width}" height="800" style="border: 0" srcdoc="{html.escape(document)}"></iframe>'


def measured(body: str, script: str, *, theme: str) -> object:
    """Return what a script finds out about a page, in a light or in a dark theme.

    The script is the body of a function; what it returns has to be JSON. No process is left behind, and no file.
    """
    with tempfile.TemporaryDirectory(prefix="rnnshape-browser-", ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        page.write_text(_PAGE.format(body=body, script=script), encoding="utf-8")
        document = _run(
            ["--dump-dom", f"--blink-settings=preferredColorScheme={_SCHEME[theme]}"], page.as_uri(), folder
        )
    told = re.search(r'<pre id="measured">(.*?)</pre>', document, re.DOTALL)
    assert told is not None, document[-2000:]
    return json.loads(html.unescape(told[1]))


def _run(options: list[str], address: str, folder: str) -> str:
    command = [FOUND or "chromium", *_OPTIONS, f"--user-data-dir={folder}/profile", *options, address]
    environ = {**os.environ, "HOME": folder, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ, start_new_session=True
    )
    try:
        return process.communicate(timeout=120)[0]
    finally:
        # Its helpers are in its session; whichever is still there ends now.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
