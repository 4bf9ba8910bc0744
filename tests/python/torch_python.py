#!/usr/bin/env python3
"""Runs Python where PyTorch is: usage torch_python.py --torch FOLDER [--stubs FOLDER] SCRIPT or -m MODULE …

In this order: the interpreter that HOPSCOPE_TORCH_PYTHON names; the PyTorch whose LibTorch the build links (--torch, its folder
torch/), in this interpreter or in the one of the version it is made for; this one if it has a PyTorch 2.11 of its own. Exit 77,
after a word why, if none will do; 1 if the one that was named will not.

The PyTorch that scripts/setup unpacks is the one for CUDA, without the CUDA libraries (2 GB), which a build for the CPU does
not need. Python loads libtorch_cuda.so all the same, so with --stubs each library that it lacks is stood in for by an empty one
of that name, made in this folder: functions that stop the program, should something call them after all. Without a GPU nothing
does.
"""
import argparse
import collections
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
LIBRARY = re.compile(r"lib(cublas|cublasLt|cudnn|cufft|cufile|curand|cusolver|cusparse|cusparseLt|nccl|nvshmem_host)\.so\.\d+$")
FUNCTION = re.compile(r"(cublas|cudnn|cufft|cuFile|curand|cusolver|cusparse|nccl|nvshmem)\w+$")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def missing(torch):
    """CUDA libraries that those in torch/lib need and that do not lie beside them; and the functions of such libraries, by
    the version that their names carry."""
    needed, functions = set(), collections.defaultdict(set)
    for path in sorted(glob.glob(f"{torch}/lib/*.so")):
        needed |= {name for name in re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-dW", path)) if LIBRARY.match(name)}
        for symbol in output("nm", "-D", "--undefined-only", path).split():
            name, _, version = symbol.partition("@")
            if FUNCTION.match(name):
                functions[version].add(name)
    there = {pathlib.Path(path).name for path in glob.glob(f"{torch}/../nvidia/*/lib/*")}
    return needed - there, functions


def stand_ins(torch, folder, compiler):
    """Makes them in `folder`, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    made_for, what = folder / "made_for", f"{torch} {os.stat(torch / 'lib/libtorch_cuda.so').st_mtime_ns}"
    if made_for.is_file() and made_for.read_text() == what:
        return
    names, functions = missing(torch)
    (folder / "stub.cpp").write_text("".join(f'extern "C" void {name}() {{ __builtin_trap(); }}\n'
                                             for group in functions.values() for name in sorted(group)))
    (folder / "stub.map").write_text("".join(f"{version} {{ {'; '.join(sorted(group))}; }};\n"
                                             for version, group in functions.items() if version))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "libstub.so", folder / "stub.cpp",
                    f"-Wl,--version-script={folder / 'stub.map'}"], check=True)
    for name in names:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to("libstub.so")
    made_for.write_text(what)


def joined(first, rest):
    return f"{first}{os.pathsep}{rest}" if rest else str(first)


def works(python, environment):
    """Why this Python will not do: "" if it has a PyTorch 2.11 with what torch.compile needs."""
    call = [python, "-B", "-c", "import torch, sympy, networkx, filelock; print(torch.__version__)"]
    try:
        done = subprocess.run(call, env=environment, capture_output=True, text=True)
    except OSError as error:
        return f"{python}: {error.strerror}"
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
    return "" if done.stdout.startswith("2.11.") else f"PyTorch is {done.stdout.strip()}, 2.11 is needed"


def candidates(options):
    """(interpreter, environment), or a word why not."""
    if "HOPSCOPE_TORCH_PYTHON" in os.environ:
        yield os.environ["HOPSCOPE_TORCH_PYTHON"], dict(os.environ)
        return
    torch, own = options.torch, "{0}{1}".format(*sys.version_info)
    versions = [path.name.split("-")[1] for path in torch.glob("_C.cpython-3*-*.so")]
    python = sys.executable if own in versions else next((p for v in versions if (p := shutil.which(f"python{v[0]}.{v[1:]}"))), None)
    if python is None:
        yield f"{torch} is for Python {', '.join(versions) or '(none)'}, this is {own}, and there is no other"
    else:
        environment = dict(os.environ)
        if options.stubs and (torch / "lib/libtorch_cuda.so").is_file():
            stand_ins(torch, options.stubs, options.compiler)
            environment["LD_LIBRARY_PATH"] = joined(options.stubs, os.environ.get("LD_LIBRARY_PATH"))
        environment["PYTHONPATH"] = joined(torch.parent, os.environ.get("PYTHONPATH"))
        yield python, environment
    yield sys.executable, dict(os.environ)


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    folder = lambda text: pathlib.Path(text).resolve()
    parser.add_argument("--torch", type=folder, required=True)
    parser.add_argument("--stubs", type=folder)
    parser.add_argument("--compiler", default="g++")
    options, call = parser.parse_known_args()
    reasons = []
    for candidate in candidates(options):
        reason = candidate if isinstance(candidate, str) else works(*candidate)
        if not reason:
            python, environment = candidate
            sys.exit(subprocess.run([python, "-B", *call], env=environment).returncode)
        reasons.append(reason)
    named = "HOPSCOPE_TORCH_PYTHON" in os.environ
    print(f"{'error' if named else 'skipped'}: no Python with PyTorch 2.11 ({'; '.join(reasons)}). scripts/setup brings what "
          "Python 3.11 needs; HOPSCOPE_TORCH_PYTHON names another interpreter that has it.")
    sys.exit(1 if named else SKIPPED)


if __name__ == "__main__":
    main()
