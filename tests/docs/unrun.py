"""Commands of the documents that are not run as they stand: blocks marked `console`, and commands within the text. What can be
known without running them is checked: that subcommands, options, presets and files exist, that a configuration takes what is
set, and that a call which opens a window gets as far as the display.
"""
import json
import os
import re
import shlex
import subprocess

from markdown import ROOT, Document


class Unrun:
    def __init__(self, program):
        self.program, self.helps = program, {}
        presets = json.loads((ROOT / "CMakePresets.json").read_text())
        self.presets = {p["name"] for kind in ("configurePresets", "buildPresets") for p in presets[kind] if not p.get("hidden")}

    def _help(self, *command):
        if command not in self.helps:
            done = subprocess.run([*command, "--help"], capture_output=True, text=True)
            self.helps[command] = done.stdout if done.returncode == 0 else ""
        return self.helps[command]

    def options(self, words):
        """What is wrong with a call of the program or of a script: an unknown subcommand, script or option."""
        if words[0] == "hopscope":
            sub = next((w for w in words[1:2] if re.fullmatch(r"[a-z]+", w)), None)
            if not sub:
                return ""
            text = self._help(self.program, sub)
        else:
            text = self._help(ROOT / words[0]) if (ROOT / words[0]).is_file() else ""
        if not text:
            return f"there is no {' '.join(words[:2])}"
        unknown = [w for w in words[1:] if (m := re.match(r"--[a-z]", w)) and not re.search(rf"{re.escape(w.partition('=')[0])}\b", text)]
        return f"{' '.join(words[:2])} has no {', '.join(unknown)}" if unknown else ""

    # What is done instead, for each kind of line. `folder`: where the document's commands are run.

    def script(self, words, folder):
        return self.options([w for w in words if "=" not in w or w.startswith("-")])

    def build(self, words, folder):
        """Presets and folders of sources exist."""
        faults = [p for p in re.findall(r"--preset (\S+)|build/(\w+)", " ".join(words))]
        unknown = [name for pair in faults for name in pair if name and name not in self.presets]
        missing = [s for s in re.findall(r"(\S+)/CMakeFiles/\S+\.dir/", " ".join(words)) if not (ROOT / s).is_dir()]
        missing += [f for d, f in re.findall(r"(\S+)/CMakeFiles/\S+\.dir/(\S+)\.o", " ".join(words)) if not (ROOT / d / f).is_file()]
        return f"there is no {', '.join(unknown + missing)}" if unknown + missing else ""

    def window(self, words, folder):
        """Without a display the call ends where the window would open."""
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        done = subprocess.run([self.program, *words[1:]], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode == 2 and "no window can be opened" in done.stderr:
            return ""
        return f"without a display: exit {done.returncode}, {done.stderr.strip()}"

    def cluster(self, words, folder):
        """The same configuration, and what is set in it, told by `info`."""
        at = words.index("train")
        call = ["hopscope", *words[at:]]
        if fault := self.options(call):
            return fault
        kept = [w for i, w in enumerate(words[at + 1:], at + 1) if "--out" not in (w, words[i - 1])]
        done = subprocess.run([self.program, "info", *kept], cwd=folder, capture_output=True, text=True)
        return "" if done.returncode == 0 else done.stderr.strip()

    def exists(self, words, folder):
        return "" if (ROOT / words[0]).is_file() else f"there is no {words[0]}"

    def nothing(self, words, folder):
        return ""


# Kinds of lines, why they are not run here, and what is done instead.
KINDS = (
    (r"scripts/(run|test|setup)\b|HOPSCOPE_DATA=\S+ scripts/test\b", "set up the machine and build everything", Unrun.script),
    (r"scripts/get-data\b", "downloads gigabytes", Unrun.script),
    (r"bash \.ci/run\b|\.ci/style\b", "run this test among others, or with it", Unrun.exists),
    (r"cmake ", "builds everything, or installs", Unrun.build),
    (r"export PATH=", "changes the shell of the reader", Unrun.nothing),
    (r"hopscope( runs/\S+| explore\b.*)?$", "opens a window for as long as the reader looks", Unrun.window),
    (r"hopscope (models/|import|route|info models/|analyze runs/olmoe)", "reads a published model of gigabytes", Unrun.script),
    (r"srun ", "a cluster, and a model of 85 million parameters", Unrun.cluster),
)


def words_of(line):
    return shlex.split(line, comments=True)


def check_line(unrun, place, line, folder):
    """What is wrong with a line of a console block; its kind must be one of KINDS."""
    line = re.sub(r"\s+#.*", "", line).strip()
    for kind, _, instead in KINDS:
        if re.match(kind, line):
            words = [w for w in words_of(line) if not re.match(r"[A-Z_]+=", w)]
            words = words[words.index(".ci/run"):] if ".ci/run" in words else words
            fault = instead(unrun, words, folder)
            return [f"{place}: \"{line}\": {fault}"] if fault else []
    return [f"{place}: \"{line}\" is in a console block, and KINDS of tests/docs/unrun.py has no such kind: it should be sh"]


def check_prose(unrun, name):
    """Calls of the program and of the scripts within the text and its tables."""
    faults, count = [], 0
    for number, line in Document(ROOT / name).prose:
        for code in re.findall(r"`([^`]+)`", line):
            if not re.match(r"(hopscope [a-z]|scripts/[\w-]+( |$))", code):
                continue
            words = re.sub(r"[…|].*", "", code).split()
            count += 1
            if fault := unrun.options(words):
                faults.append(f"{name}:{number}: `{code}`: {fault}")
    return faults, count
