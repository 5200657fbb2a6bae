# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Build the C extension (cffi, API mode, limited API); everything else is in pyproject.toml."""

from setuptools import setup

setup(
    cffi_modules=["src/dfota/_native/build_native.py:ffibuilder"],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
