"""Models for programs that do not know goru: ONNX, a PyTorch module, plain tensors."""
