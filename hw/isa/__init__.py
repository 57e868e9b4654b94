"""The architecture as tables: plain Python data, used by hardware, models, assembler and docs."""
