"""What a machine starts with: program files, device trees, kernels, programs for firmware."""
