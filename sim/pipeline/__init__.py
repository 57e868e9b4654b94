"""The cycle-accurate model: the hardware of `pteg.hw`, compiled, with the devices around it.

`cpu` is the model that the machine sees, `driver` its loop. `places` knows which signal of the
design holds what; `coherence`, `ledger` and `stages` read them. `recordings` makes waveforms and
pipeline logs; `view` selects the first screen.
"""
