"""Parts of a long measurement, one after another, each in a process group of its own with a time limit of its own: a part that
fails, hangs or takes too long costs its own result and those that need it, and nothing else. Plain Python.
"""
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing

NOTHING = "nothing to do here"
GRACE = 5  # seconds between the request to end and the end


@dataclasses.dataclass
class Part:
    name: str
    what: str                  # in words, for the report
    seconds: float             # its limit
    command: typing.Callable   # () -> [argument…], called when its turn comes; [] where there is nothing to do: skipped
    needs: tuple = ()          # names of parts without which it makes no sense
    check: typing.Callable = lambda text: ""  # of what it printed: why it failed although it ended well


@dataclasses.dataclass
class Result:
    name: str
    what: str
    state: str                 # "done", "failed", "stopped" (time limit), "skipped"
    seconds: float = 0
    reason: str = ""
    log: str = ""              # file with all that it printed

    def ok(self):
        return self.state == "done" or self.reason == NOTHING


def last_words(path, lines=1):
    """The last lines of a log that say something."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(said[-lines:])[-400:]


def end_group(process):
    """Asks the part and all it started to end, then ends them."""
    for number, wait in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            continue
        if number == signal.SIGTERM:
            continue  # its helpers may have stayed


def run(part, folder, left):
    """One part; `left`: seconds until all of them must have ended."""
    log = pathlib.Path(folder) / f"{part.name}.log"
    result = Result(part.name, part.what, "skipped", log=str(log))
    limit = min(part.seconds, left)
    if limit <= 0:
        result.reason = "no time left"
        return result
    begin = time.monotonic()
    try:
        command = part.command()
        if not command:
            result.reason = NOTHING
            return result
        with open(log, "wb") as out:
            process = subprocess.Popen([str(x) for x in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            try:
                code = process.wait(limit)
                result.reason = f"exit status {code}: {last_words(log)}" if code != 0 else part.check(log.read_text(errors="replace"))
                result.state = "failed" if result.reason else "done"
            except subprocess.TimeoutExpired:
                result.state = "stopped"
                result.reason = f"took more than {limit:.0f} s; its last words: {last_words(log)}"
            finally:
                end_group(process)
    except Exception as error:  # a part's own preparation is a part of it
        result.state, result.reason = "failed", f"{type(error).__name__}: {error}"
    result.seconds = time.monotonic() - begin
    return result


def run_all(parts, folder, seconds, say=lambda text: print(text, file=sys.stderr, flush=True), after=lambda results: None):
    """Results in the order of `parts`. after(results) is called behind each part, so that what was found is stored even if this
    process is ended."""
    end = time.monotonic() + seconds
    results = []
    for part in parts:
        wanting = [name for name in part.needs if not any(r.name == name and r.ok() for r in results)]
        if wanting:
            results.append(Result(part.name, part.what, "skipped", reason=f"needs {', '.join(wanting)}"))
        else:
            say(f"==> {part.name}: {part.what} (at most {min(part.seconds, max(0, end - time.monotonic())):.0f} s)")
            results.append(run(part, folder, end - time.monotonic()))
        r = results[-1]
        say(f"<== {r.name}: {r.state}, {r.seconds:.0f} s{': ' + r.reason if r.reason else ''}")
        after(results)
    return results
