"""Methods of device nodes of our Open Firmware: their sources in Forth and FCode."""
