"""Scripts that take the place of a program, in a folder of their own that goes with the test."""
import pathlib
import tempfile
import textwrap
import unittest


class WithStandIns(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hopscope_stand_ins_")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def script(self, name, text, **values):
        """The path of an executable; `values` stand in its text for their names."""
        path = self.dir / name
        text = textwrap.dedent(text).strip() + "\n"
        for key, value in values.items():
            text = text.replace(key, repr(value))
        path.write_text(text)
        path.chmod(0o755)
        return str(path)
