"""From a specification and a schedule to kernel text, by templates and rewrites."""
