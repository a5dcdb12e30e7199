"""Learning from outcomes: new entries, fewer entries, and training data for models."""
