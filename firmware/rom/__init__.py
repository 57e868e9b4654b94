"""Sources of the ROM images, in the language of `pteg.firmware.asm`; `images.py` builds them."""
