"""What runs on the machine, and how it is built: assembler, disassembler, ROM images."""
