"""Stands in for Matplotlib where that is not installed: drawing calls are taken and their arrays looked at, nothing is drawn."""
import sys
import types

import numpy as np


class Drawn:
    """Figure, axes and whatever their calls return. `calls`: (name, arguments) of all of them."""
    calls = []

    def __getattr__(self, name):
        def call(*args, **named):
            for array in list(args) + list(named.values()):
                if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                    assert np.isfinite(array).all(), f"{name}: not finite"
            self.calls.append((name, args))
            return Drawn()
        return call


def install():
    """True where the real one is used, drawing to nowhere."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        return True
    except ImportError:
        pyplot = types.ModuleType("matplotlib.pyplot")
        pyplot.subplots = lambda *args, **named: (Drawn(), Drawn())
        package = types.ModuleType("matplotlib")
        package.pyplot = pyplot
        sys.modules |= {"matplotlib": package, "matplotlib.pyplot": pyplot}
        return False
