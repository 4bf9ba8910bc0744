"""Answers pip's question for metadata while scripts/setup downloads imgui-bundle's sources.

pip asks a source package's build system for metadata even if it only downloads. The real one would bring unpinned
packages and start a build; this one answers with the two fields that pip checks, so that only the hashed file is fetched.
"""

import pathlib
import re


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    project = pathlib.Path("pyproject.toml").read_text(encoding="utf-8")
    name = re.search(r'^name = "([^"]+)"', project, re.M).group(1)
    version = re.search(r'^version = "([^"]+)"', project, re.M).group(1)
    folder = pathlib.Path(metadata_directory, f"{name.replace('-', '_')}-{version}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    return folder.name
