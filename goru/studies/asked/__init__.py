"""What a study is asked to do: options, techniques, the design that follows from them, and by what it judges."""
