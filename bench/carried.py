"""The libraries that a headless build needs and a GPU machine without network may lack, as one archive of some MB.

    bench/gpu --pack FILE.tar.xz      on a machine that scripts/setup has set up
    bench/gpu --carried FILE.tar.xz   on the GPU machine: unpacked, it serves as HOPSCOPE_DEPS

What is taken: headers, libraries and CMake files of nlohmann-json, toml++, CLI11, Eigen, GoogleTest, SentencePiece and
liblzma, and of Boost the headers that are included. LibTorch is that of the machine's PyTorch, everything of CUDA is the machine's own. Plain Python.
"""
import pathlib
import re
import subprocess
import tarfile

LIBRARIES = "usr/lib/*-linux-gnu"
TAKEN = ("usr/include/nlohmann", "usr/include/toml++", "usr/include/CLI", "usr/include/gtest", "usr/include/gmock",
         "usr/include/lzma", "usr/include/lzma.h", "usr/include/sentencepiece_*.h",
         "usr/include/eigen3", "usr/share/eigen3", "usr/share/cmake/nlohmann_json", "usr/share/cmake/CLI11", f"{LIBRARIES}/cmake/tomlplusplus", f"{LIBRARIES}/cmake/GTest",
         "usr/share/cmake/tomlplusplus", f"{LIBRARIES}/cmake/CLI11", f"{LIBRARIES}/cmake/nlohmann_json",
         f"{LIBRARIES}/libgtest*.a", f"{LIBRARIES}/libgmock*.a", f"{LIBRARIES}/liblzma.so*", f"{LIBRARIES}/libsentencepiece*.so*")
# One name of each, without which the archive would be of no use.
WANTED = ("nlohmann/json.hpp", "toml++/toml.h", "CLI/CLI.hpp", "eigen3/Eigen/Core", "gtest/gtest.h", "lzma.h", "sentencepiece_trainer.h", "libgtest.a",
          "liblzma.so", "libsentencepiece_train.so", "boost/math/distributions/students_t.hpp")


def boost_headers(root, system):
    """Headers of Boost that the sources include, and what these include in turn, as paths below `system`."""
    used = subprocess.run(["git", "-C", root, "grep", "-hE", "^#include <boost/"], check=True, capture_output=True, text=True).stdout
    rules = subprocess.run(["c++", "-std=c++20", "-M", "-I", system / "usr/include", "-x", "c++", "-"], input=used, check=True,
                           capture_output=True, text=True).stdout
    return sorted({pathlib.Path(path) for path in re.findall(r"[^\s\\]+", rules) if "/boost/" in path})


def pack(root, deps, out):
    """Writes the archive. Raises RuntimeError, naming what is not there."""
    unpacked = pathlib.Path(deps) / "debian"
    system = unpacked if (unpacked / "usr/include/nlohmann").exists() else pathlib.Path("/")
    paths = [path for pattern in TAKEN for path in sorted(system.glob(pattern))] + boost_headers(root, system)
    with tarfile.open(out, "w:xz") as archive:
        def only_content(entry):
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            # A link to an absolute path would lead out of the folder.
            if entry.issym() and entry.linkname.startswith("/"):
                entry.linkname = pathlib.PurePath(entry.linkname).name
            return entry

        for path in paths:
            archive.add(path, arcname=pathlib.PurePath("debian") / path.relative_to(system), filter=only_content)
        names = archive.getnames()
    missing = [name for name in WANTED if not any(found.endswith("/" + name) for found in names)]
    if missing:
        pathlib.Path(out).unlink()
        raise RuntimeError(f"{', '.join(missing)}: not found below {system}. Run scripts/setup first")
    return len(names)


def unpack(archive, folder):
    """Into `folder`, which is made; a folder that was unpacked from the same archive before is taken as it is."""
    archive, folder = pathlib.Path(archive), pathlib.Path(folder)
    stamp = folder / "carried"
    told = f"{archive.stat().st_size} {archive.stat().st_mtime_ns}"
    if not (stamp.exists() and stamp.read_text() == told):
        with tarfile.open(archive) as content:
            content.extractall(folder, filter="data")
        stamp.write_text(told)
    return folder
