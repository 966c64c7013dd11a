"""What a study's pictures are drawn from, as plain JSON types: small, however many networks were trained."""
