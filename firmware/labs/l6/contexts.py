"""Many contexts in one hashed page table. Run it where lab.toml is: python contexts.py"""

from pteg.labs.l6 import Contexts
from pteg.mmu.walk import groups


def main():
    """The PTEGs of a page in some contexts. Make it insert every page of every context, and count
    those that find no place."""
    contexts = Contexts.of("lab.toml")
    print(len(contexts.pages), "pages of each of", contexts.count, "contexts")
    print(" ".join(f"{ea:08x}" for ea in contexts.pages[:6]), "...")
    scatter, sdr1 = 256, 0      # 64 KB; HTABMASK is in bits 23 to 31
    ea = contexts.pages[0]
    for context in range(3):
        vsid = context * scatter + (ea >> 28) & 0xFFFFFF
        primary, secondary = groups(ea, vsid, sdr1)
        print(f"context {context}: VSID {vsid:06x}, PTEGs {primary:04x} and {secondary:04x}")


if __name__ == "__main__":
    main()
