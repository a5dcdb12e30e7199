"""The tables of a store, and what makes a store of an older version one of this one."""

SCHEMA_VERSION = 5

NAMED = "named "
"""Before a target's name in place of its digest: kernels of versions that kept only the name."""

# The columns of kernels, failures, outcomes, specs and curations are the fields of their records.
_VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE entries (
  name TEXT PRIMARY KEY, toml TEXT NOT NULL, origin TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE evidence (
  name TEXT PRIMARY KEY, uses INTEGER NOT NULL, wins INTEGER NOT NULL, losses INTEGER NOT NULL,
  cycles_gained INTEGER NOT NULL);
CREATE TABLE kernels (
  spec_hash TEXT NOT NULL, target TEXT NOT NULL, verifier_version TEXT NOT NULL,
  text TEXT NOT NULL, source TEXT NOT NULL, cycles INTEGER NOT NULL, bound_cycles REAL NOT NULL,
  bottleneck TEXT NOT NULL, entries TEXT NOT NULL, created REAL NOT NULL,
  PRIMARY KEY (spec_hash, target, verifier_version));
CREATE TABLE outcomes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, time REAL NOT NULL,
  spec_hash TEXT NOT NULL, spec_text TEXT NOT NULL, target TEXT NOT NULL, verdict TEXT NOT NULL,
  source TEXT NOT NULL, kernel_text TEXT NOT NULL, prompt TEXT NOT NULL, trap_code TEXT,
  trap_message TEXT, cycles INTEGER, bottleneck TEXT, entries TEXT NOT NULL, model TEXT,
  seed INTEGER, seconds REAL NOT NULL, tokens INTEGER NOT NULL);
CREATE INDEX outcomes_run ON outcomes (run_id);
CREATE INDEX outcomes_spec ON outcomes (spec_hash, target)
"""

_VERSION_2 = """
CREATE TABLE specs (
  digest TEXT PRIMARY KEY, label TEXT NOT NULL, text TEXT NOT NULL, op TEXT NOT NULL);
CREATE TABLE curations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, time REAL NOT NULL,
  action TEXT NOT NULL, entry TEXT NOT NULL, toml TEXT NOT NULL, into_entry TEXT,
  reason TEXT NOT NULL, evidence TEXT NOT NULL, undone REAL);
CREATE TABLE disabled (name TEXT PRIMARY KEY, curation INTEGER NOT NULL)
"""

# What was kept under a name and a version number is no answer any more, but may still be a draft.
_VERSION_3 = """
ALTER TABLE kernels RENAME TO kernels_by_name;
CREATE TABLE kernels (
  spec_hash TEXT NOT NULL, target_hash TEXT NOT NULL, entries_hash TEXT NOT NULL,
  verifier_hash TEXT NOT NULL, target TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL,
  cycles INTEGER NOT NULL, bound_cycles REAL NOT NULL, bottleneck TEXT NOT NULL,
  trust TEXT NOT NULL, entries TEXT NOT NULL, created REAL NOT NULL,
  PRIMARY KEY (spec_hash, target_hash, entries_hash, verifier_hash));
INSERT INTO kernels
  SELECT spec_hash, 'named ' || target, '', verifier_version, target, text, source, cycles,
    bound_cycles, bottleneck, '', entries, created FROM kernels_by_name WHERE TRUE
  ON CONFLICT DO NOTHING;
DROP TABLE kernels_by_name;
CREATE TABLE failures (
  spec_hash TEXT NOT NULL, target_hash TEXT NOT NULL, entries_hash TEXT NOT NULL,
  verifier_hash TEXT NOT NULL, asked TEXT NOT NULL, attempts INTEGER NOT NULL,
  patience INTEGER NOT NULL, seconds REAL NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
  created REAL NOT NULL,
  PRIMARY KEY (spec_hash, target_hash, entries_hash, verifier_hash, asked))
"""

# Kernels of older versions were kept without what they were written for.
_VERSION_4 = """
ALTER TABLE kernels ADD COLUMN schedule TEXT NOT NULL DEFAULT '';
ALTER TABLE outcomes ADD COLUMN schedule TEXT NOT NULL DEFAULT ''
"""

# Ops are numbered in the order of recording, and what any worker of a campaign found is kept.
_VERSION_5 = """
ALTER TABLE specs RENAME TO specs_without_number;
CREATE TABLE specs (
  number INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, label TEXT NOT NULL,
  text TEXT NOT NULL, op TEXT NOT NULL);
INSERT INTO specs (digest, label, text, op)
  SELECT digest, label, text, op FROM specs_without_number;
DROP TABLE specs_without_number;
CREATE TABLE answers (
  kind TEXT NOT NULL, content_hash TEXT NOT NULL, target_hash TEXT NOT NULL,
  code_hash TEXT NOT NULL, asked_hash TEXT NOT NULL, verdict TEXT NOT NULL,
  schedule TEXT NOT NULL, microseconds REAL, answer TEXT NOT NULL, created REAL NOT NULL,
  PRIMARY KEY (kind, content_hash, target_hash, code_hash, asked_hash))
"""

STATEMENTS: tuple[tuple[str, ...], ...] = tuple(
    tuple(version.split(";"))
    for version in (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)
)
"""What makes version 1 of nothing, version 2 of version 1, and so on."""

REQUIRED_TABLES = frozenset({"meta", "entries", "kernels", "outcomes"})
"""What every version has: a file or database without them is somebody else's."""
