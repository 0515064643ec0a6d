"""The walks of the contract command, one by one."""
