"""What PyTorch says about the operations of the package, family by family."""
