"""Our own Open Firmware (IEEE 1275-1994): a ROM that a machine boots.

kernel/ is the part in assembly, forth/ the rest, drivers/ what belongs to devices. `build` compiles
all of it for a platform; docs/openfirmware/ tells the story.
"""
