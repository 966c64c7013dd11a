"""Layers, a kind a file; `goru.nn.layers.layer` says what a layer is, `goru.nn.layers.kinds` which there are."""
