// The life of one page: its PTE, its TLB entries, their uses, and what software did to change it.
// Red: the TLB has what the page table no longer says.

import { COLOUR, MONO, canvasPane, cursorLine, virtualList } from "./draw.js";
import { hex, last } from "./data.js";

const LEFT = 84, ROW = 24, TOP = 8, RED = "#d9534f";
const ACTS = /^\S+ +(sync|tlbsync|eieio|isync|tlbie)\b/;
const same = (a, b) => a.pa === b.pa && a.wimg === b.wimg && a.pp === b.pp;

/** Everything of the page with this number in the address space `vsid`. */
export function life(data, vsid, page) {
  const pte = pteHistory(data, vsid, page), tlb = [tlbHistory(data, 0, vsid, page), tlbHistory(data, 1, vsid, page)];
  const stale = tlb.map((entries) => entries.flatMap((entry) => differing(entry, pte)));
  const t = data.translations, uses = [];
  for (let i = 0; i < t.cycle.length; i++)
    if (t.by_tlb[i] && (t.segment[i] & 0xffffff) === vsid && (t.ea[i] >>> 12 & 0xffff) === page)
      uses.push({ cycle: t.cycle[i], side: t.side[i],
        stale: stale[t.side[i]].some(([begin, end]) => begin <= t.cycle[i] && t.cycle[i] < end) });
  return { pte, tlb, stale, uses, acts: acts(data) };
}

/** What the page table says, from each change on: [{cycle, pa, wimg, pp, r, c}]; pa null: no PTE. */
function pteHistory(data, vsid, page) {
  const { base, size, changes } = data.table, mask = size / 64 - 1;
  const hash = (vsid & 0x7ffff) ^ page, places = [];
  for (const [h, secondary] of [[hash, 0], [~hash, 1]])
    for (let slot = 0; slot < 8; slot++) places.push([((h & mask) * 8 + slot) * 2, secondary]);
  const numbers = new Set(places.map(([word]) => word)), cycles = new Set([-1]);
  for (let i = 0; i < changes.cycle.length; i++)
    if (numbers.has((changes.address[i] - base) / 4 & ~1)) cycles.add(changes.cycle[i]);
  const found = [];
  for (const cycle of [...cycles].sort((a, b) => a - b)) {
    let now = { pa: null, wimg: 0, pp: 0, r: 0, c: 0 };
    for (const [word, secondary] of places) {
      const high = data.word(word, cycle + 1);
      if (high !== (0x80000000 | vsid << 7 | secondary << 6 | page >>> 10) >>> 0) continue;
      const low = data.word(word + 1, cycle + 1);
      now = { pa: (low & ~0xfff) >>> 0, wimg: low >>> 3 & 15, pp: low & 3, r: low >>> 8 & 1, c: low >>> 7 & 1 };
      break;
    }
    const before = found.at(-1);
    if (!before || !same(before, now) || before.r !== now.r || before.c !== now.c) found.push({ cycle, ...now });
  }
  return found;
}

/** Entries of a TLB for the page: [{way, begin, end, pa, wimg, pp}]; there from `begin` to before `end`. */
function tlbHistory(data, side, vsid, page) {
  const set = page % data.tlb.sets, found = [];
  for (let way = 0; way < data.tlb.ways; way++) {
    const { changes } = data.tlb, key = `${side} ${set} ${way}`;
    const cycles = [0, ...(data.tlbLists.get(key) ?? []).map((i) => changes.cycle[i] + 1)];
    for (let n = 0; n < cycles.length; n++) {
      const entry = data.tlbEntry(side, set, way, cycles[n]);
      if (!entry || entry.vsid !== vsid || entry.ea >>> 12 !== page) continue;
      found.push({ way, begin: cycles[n], end: cycles[n + 1] ?? Infinity, pa: entry.pa,
        wimg: entry.low >>> 2 & 15, pp: entry.low & 3 });
    }
  }
  return found;
}

/** Where in the time of a TLB entry the page table says something else: [[begin, end]]. */
function differing(entry, pte) {
  const found = [];
  pte.forEach((state, n) => {
    const begin = Math.max(entry.begin, state.cycle + 1);
    const end = Math.min(entry.end, (pte[n + 1]?.cycle ?? Infinity) + 1);
    if (begin < end && !same(state, entry)) found.push([begin, end]);
  });
  return found;
}

/** Barriers and tlbie of the window: [{cycle, text}]. */
function acts(data) {
  const p = data.passages, found = [], flushed = data.fates.indexOf("flushed");
  for (let i = 0; i < p.label.length - 1; i++) {
    const match = p.fate[i] !== flushed && ACTS.exec(p.labels[p.label[i]]);
    if (match) found.push({ cycle: p.end[i] - 1 + data.start, text: match[1] });
  }
  return found;
}

/** Pages of the window: their addresses, by "vsid page". */
function pagesOf(data) {
  const t = data.translations, found = new Map();
  for (let i = 0; i < t.cycle.length; i++)
    if (t.relocate[i] && !t.by_bat[i]) found.set(`${t.segment[i] & 0xffffff} ${t.ea[i] >>> 12 & 0xffff}`,
      (t.ea[i] & ~0xfff) >>> 0);
  return found;
}

export function lifePane(data, view) {
  const pages = pagesOf(data), known = new Map();
  const lifeOf = (key) => {
    if (!known.has(key)) known.set(key, life(data, ...key.split(" ").map(Number)));
    return known.get(key);
  };
  const element = document.createElement("div"), head = document.createElement("label");
  const select = document.createElement("select"), legend = document.createElement("div");
  element.className = "split";
  head.className = "caption";
  select.append(new Option("at the cursor", ""), ...[...pages].sort((a, b) => a[1] - b[1]).map(([key, ea]) =>
    new Option(`${hex(ea)}, VSID ${hex(Number(key.split(" ")[0]), 6)}`, key)));
  head.append("Page ", select);
  const t = data.translations;
  const current = () => {
    if (select.value) return select.value;
    const now = last(t.cycle, view.cycle), paged = (i) => t.relocate[i] && !t.by_bat[i];
    let i = now;
    while (i >= 0 && !paged(i)) i--;
    if (i < 0) i = t.cycle.findIndex((_, n) => n > now && paged(n));
    return i < 0 ? null : `${t.segment[i] & 0xffffff} ${t.ea[i] >>> 12 & 0xffff}`;
  };
  const pane = canvasPane("Life of a page: PTE, TLB entries, uses, invalidations", (context, width, height) => {
    const key = current();
    if (!key) { context.fillText("The page table translates nothing in this window.", 12, 20); return; }
    const { pte, tlb, stale, uses, acts } = lifeOf(key), scale = (width - LEFT - 10) / data.count;
    const x = (cycle) => LEFT + (Math.min(Math.max(cycle, data.start), data.end + 1) - data.start) * scale;
    const y = (n) => TOP + n * ROW;
    ["PTE", "fetch TLB", "data TLB", "uses", "barriers"].forEach((name, n) => {
      context.fillStyle = COLOUR.dim;
      context.fillText(name, 8, y(n) + ROW / 2);
    });
    const bar = (n, begin, end, colour, text) => {
      if (x(end) <= LEFT || x(begin) >= width - 10 || begin > data.end) return;
      const left = x(begin), wide = Math.max(1, x(end) - left);
      context.fillStyle = colour;
      context.fillRect(left, y(n) + 3, wide, ROW - 6);
      if (text && wide > 62) {
        context.fillStyle = COLOUR.ink;
        context.font = MONO;
        context.fillText(text, left + 3, y(n) + ROW / 2, wide - 4);
      }
    };
    pte.forEach((state, n) => state.pa !== null && bar(0, state.cycle + 1, (pte[n + 1]?.cycle ?? data.end) + 1,
      state.c ? "#83a9d6" : state.r ? "#a9c8e8" : "#d3e3f3", `${hex(state.pa)}${state.c ? " RC" : state.r ? " R" : ""}`));
    tlb.forEach((entries, side) => {
      entries.forEach((entry) => bar(1 + side, entry.begin, Math.min(entry.end, data.end + 1), "#cfead0", hex(entry.pa)));
      stale[side].forEach(([begin, end]) => bar(1 + side, begin, Math.min(end, data.end + 1), RED, "stale"));
    });
    for (const use of uses) {
      context.fillStyle = use.stale ? RED : "#4d9a50";
      context.fillRect(x(use.cycle), y(3) + (use.side ? ROW / 2 : 3), use.stale ? 3 : 1, ROW / 2 - 3);
    }
    acts.forEach(({ cycle, text }) => {
      context.fillStyle = text === "tlbie" ? COLOUR.cursor : COLOUR.dim;
      context.fillRect(x(cycle), y(4) + 3, text === "tlbie" ? 2 : 1, ROW - 6);
    });
    cursorLine(context, x(view.cycle + 0.5), height);
  });
  pane.element.style.cssText = `flex:none;width:100%;height:${TOP + 5 * ROW + 6}px`;
  pane.element.addEventListener("pointerdown", (event) => {
    const box = pane.element.getBoundingClientRect();
    view.go(data.start + (event.clientX - box.left - LEFT) / (box.width - LEFT - 10) * data.count);
  });
  legend.className = "legend";
  legend.style.padding = "2px 12px";
  legend.innerHTML = `<i style="background:${RED}"></i>the TLB has what the page table no longer says`
    + '<i style="background:#4d9a50"></i>uses: above fetches, below data'
    + `<i style="background:${COLOUR.cursor}"></i>tlbie<i style="background:${COLOUR.dim}"></i>sync, eieio, tlbsync, isync`;
  let events = [], shown = null;
  const list = virtualList(0, (n) => `${events[n].cycle < 0 ? "     before" : String(events[n].cycle).padStart(11)}  ${events[n].text}`,
    (n) => view.go(events[n].cycle + 1), "What happened to the page");
  element.append(head, pane.element, legend, list.element);
  select.onchange = () => view.changed();
  return { element, life: lifeOf, draw() {
    pane.draw();
    const key = current();
    if (key && key !== shown) { shown = key; events = story(lifeOf(key)); }
    list.resize(events.length);
    let at = events.length - 1;
    while (at >= 0 && events[at].cycle >= view.cycle) at--;
    list.marks((n) => (n === at ? "now" : ""));
    if (at >= 0) list.show(at);
    list.draw();
  } };
}

/** The life in words, in the order of cycles. */
function story({ pte, tlb, stale, uses, acts }) {
  const found = pte.map(({ cycle, pa, r, c, pp }) => ({ cycle, text: pa === null ? "no PTE maps the page"
    : `PTE: ${hex(pa)}, PP ${pp}${r ? ", R" : ""}${c ? ", C" : ""}` }));
  tlb.forEach((entries, side) => entries.forEach((entry) => {
    const name = `${side ? "data" : "fetch"} TLB, way ${entry.way}`;
    found.push({ cycle: entry.begin - 1, text: `${name}: ${hex(entry.pa)} enters` });
    if (entry.end < Infinity) found.push({ cycle: entry.end - 1, text: `${name}: leaves` });
  }));
  stale.forEach((spans) => spans.forEach(([begin]) =>
    found.push({ cycle: begin, text: "from here on the TLB is stale" })));
  uses.filter((use) => use.stale).forEach(({ cycle, side }) =>
    found.push({ cycle, text: `${side ? "data access" : "fetch"} by the stale entry` }));
  acts.forEach(({ cycle, text }) => found.push({ cycle, text }));
  return found.sort((a, b) => a.cycle - b.cycle);
}
