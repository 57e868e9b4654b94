// Three storeys: what the guest's tables say, which frame the host has for it, and the shadow entry in
// the real page table. A broken arrow: the storey says nothing.

import { hex, last } from "./data.js";

const PAGE = 4096, IR = 0x20, DR = 0x10, PR = 0x4000;

/** Words of memory at a cycle, from those before and the stores to them: a function of index and cycle. */
export function history({ before, cycle, index, value }) {
  const lists = new Map();
  index.forEach((word, n) => lists.has(word) ? lists.get(word).push(n) : lists.set(word, [n]));
  return (word, at) => {
    const list = lists.get(word) ?? [];
    for (let n = list.length - 1; n >= 0; n--) if (cycle[list[n]] < at) return value[list[n]];
    return before[word] ?? 0;
  };
}

/** What the guest believes in, at any cycle. */
export function believed({ registers, frames, tables }) {
  const words = Object.fromEntries(Object.entries(registers).map(([name, one]) => [name, history(one)]));
  const begin = tables.map((table) => table.begin), entries = tables.map(history), frame = history(frames);
  return (cycle) => {
    const n = Math.max(0, last(begin, cycle - 1));
    return { msr: words.msr(0, cycle), sdr1: words.sdr1(0, cycle), frame: (page) => frame(page, cycle),
      segment: (number) => words.segments(number, cycle), bat: (number) => words.bats(number, cycle),
      entry: tables[n].before.length ? (word) => entries[n](word, cycle) : () => 0 };
  };
}

/** The guest's own translation: {how, pa}; pa is null if its tables map nothing there. */
export function guestSide(now, ea, fetch) {
  if (!(now.msr & (fetch ? IR : DR))) return { how: "real mode", pa: ea };
  for (let n = 0; n < 4; n++) {
    const upper = now.bat((fetch ? 0 : 8) + 2 * n), lower = now.bat((fetch ? 0 : 8) + 2 * n + 1);
    const mask = ((upper >>> 2 & 0x7ff) << 17 | 0x1ffff) >>> 0, valid = now.msr & PR ? upper & 1 : upper & 2;
    if (valid && ((ea ^ upper) & ~mask) === 0)
      return { how: `${fetch ? "I" : "D"}BAT${n}`, pa: ((lower & 0xfffe0000) | (ea & mask)) >>> 0 };
  }
  const segment = now.segment(ea >>> 28), vsid = segment & 0xffffff;
  if (segment >>> 31) return { how: "direct-store segment", pa: null };
  const found = search((word) => now.entry(word), ((now.sdr1 & 0x1ff) + 1) * 1024, vsid, ea);
  return found ? { how: `VSID ${hex(vsid, 6)}, PTE`, pa: found.pa }
    : { how: `VSID ${hex(vsid, 6)}, no PTE`, pa: null };
}

/** The entry of a page in a hash table: its first word, its second, and where it leads; or null. */
function search(word, groups, vsid, ea) {
  const page = ea >>> 12 & 0xffff, hash = (vsid & 0x7ffff) ^ page, mask = groups - 1;
  for (const secondary of [0, 1])
    for (let slot = 0; slot < 8; slot++) {
      const at = (((secondary ? ~hash : hash) & mask) * 8 + slot) * 2;
      if (word(at) !== (0x80000000 | vsid << 7 | secondary << 6 | page >>> 10) >>> 0) continue;
      const low = word(at + 1);
      return { at, low, pa: ((low & ~0xfff) | (ea & 0xfff)) >>> 0 };
    }
  return null;
}

/** The real page table at a cycle: the address of the entry and where it leads, or null. */
export function shadowSide(data, vsid, ea, cycle) {
  const found = search((word) => data.word(word, cycle), data.table.size / 64, vsid, ea);
  return found && { ...found, at: data.table.base + found.at * 4 };
}

/** All three at a cycle, for a translation of the guest. */
export function storeys(data, at, i, cycle) {
  const t = data.translations, ea = t.ea[i], fetch = data.enums.kind[t.kind[i]] === "FETCH";
  const now = at(cycle), guest = guestSide(now, ea, fetch);
  const frame = guest.pa === null ? 0 : now.frame(Math.floor(guest.pa / PAGE));
  return { ea, msr: now.msr, guest, host: frame ? (frame + guest.pa % PAGE) >>> 0 : null,
    vsid: t.segment[i] & 0xffffff, shadow: shadowSide(data, t.segment[i] & 0xffffff, ea, cycle),
    real: t.pa[i], result: data.enums.result[t.result[i]] };
}

export function storeysPane(data, view) {
  const element = document.createElement("div"), t = data.translations, world = data.enums.world;
  const now = believed(data.session.storeys);
  element.className = "text";
  element.setAttribute("aria-live", "polite");
  const guests = new Set(Object.keys(world).filter((n) => world[n].startsWith("GUEST")).map(Number));
  const ours = Array.from(t.cycle.keys()).filter((i) => guests.has(data.world(t.cycle[i])) && !t.by_bat[i] && t.relocate[i]);
  const cycles = Uint32Array.from(ours, (i) => t.cycle[i]);
  const box = (title, address, note, bad) => `<div class="storey${bad ? " missing" : ""}"><b>${title}</b><span class="mono">${
    address === null ? "nothing" : hex(address)}</span><small>${note}</small></div>`;
  const arrow = (broken) => `<div class="arrow${broken ? " bad" : ""}">${broken ? "⇣" : "↓"}</div>`;
  return { element, at: (i, cycle) => storeys(data, now, i, cycle), ours, draw() {
    const i = ours[Math.max(0, last(cycles, view.cycle))];
    if (i === undefined) { element.innerHTML = "<p>The guest uses no page in this window.</p>"; return; }
    const s = storeys(data, now, i, view.cycle);
    const fits = s.host !== null && s.shadow !== null && s.host === s.shadow.pa;
    element.innerHTML = `<h2>${data.enums.kind[t.kind[i]]} ${hex(s.ea)} of the guest, cycle ${t.cycle[i].toLocaleString("en")}: ${
      s.result}</h2><div class="storeys"><div>${box("guest: effective address", s.ea, `MSR ${hex(s.msr)}`)}${
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
      <p class="legend">All as at cycle ${view.cycle.toLocaleString("en")}.</p>`;
  } };
}
