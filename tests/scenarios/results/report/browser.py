"""A headless Chromium, driven over a pipe by its own protocol (DevTools): what a reader's browser makes of a page."""

import base64
import fcntl
import json
import os
import shutil
import subprocess


class Browser:
    """One browser with one page. Every request, console line and error of the page is kept."""

    def __init__(self, profile):
        hears, asks = _pipe()
        answers, says = _pipe()
        command = [
            shutil.which("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars",
            "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank",
        ]  # fmt: skip
        self._log = (profile.parent / "chromium.log").open("wb")
        # The browser reads commands on descriptor 3 and writes on 4; a shell puts them there.
        wrapped = ["bash", "-c", f'exec "$@" 3<&{hears} 4>&{says} {hears}<&- {says}>&-', "bash", *command]
        self._process = subprocess.Popen(  # noqa: S603 - the browser alone
            wrapped, pass_fds=(hears, says), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        os.close(hears)
        os.close(says)
        self._asks = os.fdopen(asks, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb")
        self._number = 0
        self.requests = []
        self.complaints = []
        self._loaded = False
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = None
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")

    def open(self, url, *, width, height=900, dark=False, scripts=True):
        """Load ``url`` and wait until it is there."""
        self.resize(width, height)
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[feature])
        self._call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.requests.clear()
        self.complaints.clear()
        self._loaded = False
        self._call("Page.navigate", url=url)
        while not self._loaded:
            self._take()

    def resize(self, width, height=900):
        """Another window."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def value(self, expression):
        """What an expression is in the page, or comes to."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def picture(self, *, whole=False):
        """A PNG of the window, or of the whole page."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def press(self, key):
        """A key goes down and up."""
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"Tab": 9}[key])

    def media(self, name):
        """Show the page as on "print", or as before ("")."""
        self._call("Emulation.setEmulatedMedia", media=name)

    def paper(self):
        """A PDF of the page as it would be printed."""
        return base64.b64decode(self._call("Page.printToPDF", printBackground=True)["data"])

    def close(self):
        """End it."""
        self._asks.close()
        self._process.terminate()
        self._process.wait(timeout=10)
        self._answers.close()
        self._log.close()

    def _call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        self._asks.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _take(self):
        read = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser is gone"
            read += byte
        message = json.loads(read)
        parameters = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.complaints.append(str(parameters))
            case "Page.loadEventFired":
                self._loaded = True
        return message


def _pipe():
    """A pipe whose descriptors lie well above those that the browser wants."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 50) for end in ends]
    for end in ends:
        os.close(end)
    return high
