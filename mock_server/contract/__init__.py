"""Proves whether a deployment, mock or real, keeps the contract. It talks plain HTTP to a URL and nothing else."""
