"""`seaway demo`: a sample service, load from real clients, and the story of a good and a broken release."""
