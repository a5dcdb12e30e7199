"""How lit runs the tests: xdsl-opt and filecheck come from the environment that lit runs in."""

import os
import sysconfig

import lit.formats

config.name = "hawk-xdsl"  # noqa: F821 (lit defines it)
config.test_format = lit.formats.ShTest(execute_external=False)  # noqa: F821
config.suffixes = [".mlir"]  # noqa: F821
config.test_source_root = os.path.dirname(__file__)  # noqa: F821
config.environment["PATH"] = os.pathsep.join(  # noqa: F821
    [sysconfig.get_path("scripts"), os.environ.get("PATH", "")]
)
if "PYTHONPATH" in os.environ:  # of a checkout that is not the installed one
    config.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]  # noqa: F821
