"""The passes, one a file, named as on the command line, and the analyses that they share."""
