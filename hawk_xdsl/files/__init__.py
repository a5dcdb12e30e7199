"""Files as users leave them: read into typed values or refused in one line; written whole."""
