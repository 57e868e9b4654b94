// Three storeys: what the guest's tables say, which frame the host has for it, and the shadow entry in
// the real page table. A broken arrow: the storey says nothing.

import { hex, last } from "./data.js";

const PAGE = 4096, IR = 0x20, DR = 0x10, PR = 0x4000;

/** The guest's own translation: {how, pa}; pa is null if its tables map nothing there. */
export function guestSide(sample, ea, fetch) {
  if (!(sample.msr & (fetch ? IR : DR))) return { how: "real mode", pa: ea };
  for (let n = 0; n < 4; n++) {
    const upper = sample.bats[(fetch ? 0 : 8) + 2 * n], lower = sample.bats[(fetch ? 0 : 8) + 2 * n + 1];
    const mask = ((upper >>> 2 & 0x7ff) << 17 | 0x1ffff) >>> 0, valid = sample.msr & PR ? upper & 1 : upper & 2;
    if (valid && ((ea ^ upper) & ~mask) === 0)
      return { how: `${fetch ? "I" : "D"}BAT${n}`, pa: ((lower & 0xfffe0000) | (ea & mask)) >>> 0 };
  }
  const segment = sample.segments[ea >>> 28], vsid = segment & 0xffffff, page = ea >>> 12 & 0xffff;
  if (segment >>> 31) return { how: "direct-store segment", pa: null };
  const { high, low } = sample.ptes, wanted = (0x80000000 | vsid << 7 | page >>> 10) >>> 0;
  const mask = ((sample.sdr1 & 0x1ff) + 1) * 1024 - 1, hash = (vsid & 0x7ffff) ^ page;
  for (const secondary of [0, 0x40])
    for (let n = 0; n < high.length; n++)
      if (high[n] === (wanted | secondary) >>> 0 && ((secondary ? ~hash : hash) & mask) === sample.ptes.group[n])
        return { how: `VSID ${hex(vsid, 6)}, PTE`, pa: ((low[n] & ~0xfff) | (ea & 0xfff)) >>> 0 };
  return { how: `VSID ${hex(vsid, 6)}, no PTE`, pa: null };
}

/** The real page table at a cycle: the address of the entry and where it leads, or null. */
export function shadowSide(data, vsid, ea, cycle) {
  const page = ea >>> 12 & 0xffff, hash = (vsid & 0x7ffff) ^ page, mask = data.table.size / 64 - 1;
  for (const secondary of [0, 1])
    for (let slot = 0; slot < 8; slot++) {
      const word = (((secondary ? ~hash : hash) & mask) * 8 + slot) * 2;
      if (data.word(word, cycle) !== (0x80000000 | vsid << 7 | secondary << 6 | page >>> 10) >>> 0) continue;
      const low = data.word(word + 1, cycle);
      return { at: data.table.base + word * 4, pa: ((low & ~0xfff) | (ea & 0xfff)) >>> 0, low };
    }
  return null;
}

/** All three at a cycle, for a translation of the guest. */
export function storeys(data, i, cycle) {
  const t = data.translations, ea = t.ea[i], fetch = data.enums.kind[t.kind[i]] === "FETCH";
  const { samples } = data.session;
  let n = samples.length - 1;
  while (n > 0 && samples[n].cycle > cycle) n--;
  const sample = samples[n], guest = guestSide(sample, ea, fetch);
  const frame = guest.pa === null ? 0 : sample.frames[guest.pa / PAGE | 0] ?? 0;
  return { ea, sample, guest, host: frame ? (frame + guest.pa % PAGE) >>> 0 : null,
    vsid: t.segment[i] & 0xffffff, shadow: shadowSide(data, t.segment[i] & 0xffffff, ea, cycle),
    real: t.pa[i], result: data.enums.result[t.result[i]] };
}

export function storeysPane(data, view) {
  const element = document.createElement("div"), t = data.translations, world = data.enums.world;
  element.className = "text";
  element.setAttribute("aria-live", "polite");
  const guests = new Set(Object.keys(world).filter((n) => world[n].startsWith("GUEST")).map(Number));
  const ours = Array.from(t.cycle.keys()).filter((i) => guests.has(data.world(t.cycle[i])) && !t.by_bat[i] && t.relocate[i]);
  const cycles = Uint32Array.from(ours, (i) => t.cycle[i]);
  const box = (title, address, note, bad) => `<div class="storey${bad ? " missing" : ""}"><b>${title}</b><span class="mono">${
    address === null ? "nothing" : hex(address)}</span><small>${note}</small></div>`;
  const arrow = (broken) => `<div class="arrow${broken ? " bad" : ""}">${broken ? "⇣" : "↓"}</div>`;
  return { element, at: (i, cycle) => storeys(data, i, cycle), ours, draw() {
    const now = last(cycles, view.cycle), i = ours[Math.max(0, now)];
    if (i === undefined) { element.innerHTML = "<p>The guest uses no page in this window.</p>"; return; }
    const s = storeys(data, i, view.cycle);
    const fits = s.host !== null && s.shadow !== null && s.host === s.shadow.pa;
    element.innerHTML = `<h2>${data.enums.kind[t.kind[i]]} ${hex(s.ea)} of the guest, cycle ${t.cycle[i].toLocaleString("en")}: ${
      s.result}</h2><div class="storeys"><div>${box("guest: effective address", s.ea, `MSR ${hex(s.sample.msr)}`)}${
      arrow(s.guest.pa === null)}${box("guest: physical address", s.guest.pa, s.guest.how, s.guest.pa === null)}${
      arrow(s.host === null)}${box("host: physical address", s.host, s.guest.pa === null ? ""
        : s.host === null ? "no frame: a device, or a page that is not there yet"
          : `frame of the guest's page ${hex(s.guest.pa / PAGE | 0, 5)}`, s.host === null)}</div><div>${
      box("the same effective address", s.ea, `real segment register: VSID ${hex(s.vsid, 6)}`)}${arrow(!s.shadow)}${
      box("shadow: physical address", s.shadow?.pa ?? null, s.shadow ? `entry at ${hex(s.shadow.at)}, R ${
        s.shadow.low >>> 8 & 1} C ${s.shadow.low >>> 7 & 1} PP ${s.shadow.low & 3}` : "no shadow entry: MOL makes one at the fault", !s.shadow)}</div></div>
      <p class="${fits ? "ok" : "bad"}">${fits ? "Both ways lead to the same byte."
        : s.shadow === null ? "The shadow is missing." : s.host === null
          ? "The shadow leads somewhere, the guest's tables do not (yet, or no longer)." : "The ways differ."}</p>
      <p class="legend">The guest's registers and tables as at cycle ${s.sample.cycle.toLocaleString("en")}; the shadow as at ${
      view.cycle.toLocaleString("en")}.</p>`;
  } };
}
