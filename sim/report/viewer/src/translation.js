// The translation ribbon: from an effective address to a physical one, each step with its bits.

import { hex, last } from "./data.js";
import { virtualList } from "./draw.js";

const binary = (value, width) => value.toString(2).padStart(width, "0");
const RIGHTS = ["read and write", "read only", "no access"];

export function translationPane(data, view) {
  const t = data.translations, kinds = data.enums.kind, results = data.enums.result;
  const element = document.createElement("div"), ribbon = document.createElement("div");
  element.className = "split";
  ribbon.className = "fixed text";
  ribbon.setAttribute("aria-live", "polite");
  const line = (i) => {
    return `${String(t.cycle[i]).padStart(10)}  ${kinds[t.kind[i]].padEnd(6)} ${hex(t.ea[i])} → ${
      results[t.result[i]] === "OK" ? hex(t.pa[i]) : results[t.result[i]].padEnd(8)}  ${how(data, i)}`;
  };
  const list = virtualList(t.cycle.length, line, (i) => { chosen = i; view.go(t.cycle[i]); },
    "Translations of the window");
  let chosen = -1;
  element.append(ribbon, list.element);
  const draw = () => {
    if (chosen < 0 || t.cycle[chosen] !== view.cycle) {
      chosen = last(t.cycle, view.cycle);
      // Of two in one cycle, that of the data side tells more.
      const search = last(data.searches.begin, view.cycle);
      if (search >= 0 && data.searches.end[search] >= view.cycle) chosen = -2 - search;
    }
    ribbon.innerHTML = chosen <= -2 ? searchText(data, -2 - chosen, view.cycle)
      : chosen < 0 ? "<p>No translation yet.</p>" : stepsText(data, chosen, view.cycle);
    list.marks((i) => (i === chosen ? "now" : t.cycle[i] === view.cycle ? "flight" : ""));
    const near = chosen >= 0 ? chosen : last(t.cycle, view.cycle);
    if (near >= 0) list.show(near);
    list.draw();
  };
  return { element, draw };
}

/** Who answers a translation. A segment does when there is no search in it. */
function how(data, i) {
  const t = data.translations;
  return !t.relocate[i] ? "real" : t.by_bat[i] ? "BAT" : t.by_tlb[i] ? "TLB"
    : ["PAGE_FAULT", "BUS_ERROR"].includes(data.enums.result[t.result[i]]) ? "search" : "segment";
}

const step = (name, content) => `<div class="step"><b>${name}</b><div>${content}</div></div>`;
const bits = (...parts) => `<span class="bits">${parts.map(([name, text, kind = ""]) =>
  `<span class="${kind}"><i>${name}</i>${text}</span>`).join("")}</span>`;

function stepsText(data, i, cycle) {
  const t = data.translations, kind = data.enums.kind[t.kind[i]], ea = t.ea[i];
  const result = data.enums.result[t.result[i]];
  const head = `<h2>${kind} ${hex(ea)}, cycle ${t.cycle[i].toLocaleString("en")}, ${
    t.user[i] ? "user" : "supervisor"} state</h2>`;
  if (!t.relocate[i])
    return head + step("relocation", `MSR[${kind === "FETCH" ? "IR" : "DR"}] = 0: real mode`)
      + outcome(data, i);
  if (t.by_bat[i]) return head + block(data, i) + outcome(data, i);
  const segment = t.segment[i], vsid = segment & 0xffffff, by = how(data, i);
  const s = data.searches, side = t.side[i];
  let n = last(s.end, t.cycle[i]);
  const same = () => s.side[n] === side && s.ea[n] >>> 12 === ea >>> 12 && s.vsid[n] === vsid;
  while (n >= 0 && !same()) n--;
  return head + address(ea, vsid, [["T", segment >>> 31], ["Ks", segment >>> 30 & 1],
    ["Kp", segment >>> 29 & 1], ["N", segment >>> 28 & 1]])
    + (by === "TLB" ? step("TLB", `set ${(ea >>> 12) % data.tlb.sets} has the page: hit`)
      + protection(t.user[i] ? segment >>> 29 & 1 : segment >>> 30 & 1, t.pp[i])
      : by === "search" ? step("TLB", "no entry") : "") + outcome(data, i)
    + (n >= 0 && by !== "segment" ? `<h2>The last table search for the page, cycles ${
      s.begin[n].toLocaleString("en")} to ${s.end[n].toLocaleString("en")}</h2>` + groups(data, n, cycle) : "");
}

function searchText(data, n, cycle) {
  const s = data.searches;
  return `<h2>Table search, ${data.enums.kind[s.kind[n]]} ${hex(s.ea[n])}, from cycle ${
    s.begin[n].toLocaleString("en")} ${s.end[n] > data.end ? "past the window"
    : `to ${s.end[n].toLocaleString("en")}`}</h2>` + address(s.ea[n], s.vsid[n]) + groups(data, n, cycle);
}

function address(ea, vsid, flags = []) {
  const page = ea >>> 12 & 0xffff;
  return step("EA", bits(["SR", hex(ea >>> 28, 1), "sr"], ["page", binary(page, 16), "page"],
    ["offset", hex(ea & 0xfff, 3), "offset"]))
    + step(`SR${ea >>> 28}`, bits(...flags, ["VSID", hex(vsid, 6), "vsid"]))
    + step("VA", bits(["VSID", hex(vsid, 6), "vsid"], ["page", hex(page, 4), "page"],
      ["offset", hex(ea & 0xfff, 3), "offset"]));
}

function groups(data, n, cycle) {
  const s = data.searches, slots = data.slots, ea = s.ea[n], vsid = s.vsid[n], sdr1 = s.sdr1[n];
  const page = ea >>> 12 & 0xffff, hash = (vsid & 0x7ffff) ^ page;
  const group = (h) => ((sdr1 & 0xffff0000) | ((h >>> 10 & sdr1 & 0x1ff) << 16)
    | ((h & 0x3ff) << 6)) >>> 0;
  const text = [step("hash", bits(["VSID[5-23]", binary(vsid & 0x7ffff, 19), "vsid"])
    + " xor " + bits(["page", binary(page, 16), "page"]) + " = "
    + bits(["hash", binary(hash, 19), "hash"]))];
  let match;
  for (const secondary of [0, 1]) {
    const base = group(secondary ? hash ^ 0x7ffff : hash), seen = new Map();
    for (let k = s.first[n]; k < s.first[n] + s.count[n]; k++)
      if ((slots.address[k] & ~63) >>> 0 === base && slots.cycle[k] <= cycle)
        seen.set(slots.address[k] - base >>> 3, k);
    if (secondary && !seen.size) break;
    const wanted = (0x80000000 | vsid << 7 | secondary << 6 | page >>> 10) >>> 0;
    const cells = Array.from({ length: 8 }, (_, slot) => {
      const k = seen.get(slot), high = slots.high[k];
      if (k === undefined) return `<div class="slot">${slot}</div>`;
      if (high === wanted) match = k;
      return `<div class="slot ${high === wanted ? "match" : high >>> 31 ? "miss" : "empty"}" title="cycle ${
        slots.cycle[k]}">${slot}<br>${hex(high)}<br>${hex(slots.low[k])}</div>`;
    });
    text.push(step(secondary ? "secondary PTEG" : "primary PTEG", `<span class="mono">${
      hex(base)}, wanted ${hex(wanted)}</span><div class="slots">${cells.join("")}</div>`));
  }
  if (match !== undefined) text.push(entry(data, n, slots.low[match], cycle));
  const result = data.enums.outcome[s.outcome[n]], failed = ["NOT_FOUND", "BUS_ERROR"].includes(result);
  if (s.end[n] > cycle) text.push(step("", "the search goes on"));
  else if (failed) text.push(step("result", `<span class="bad">${result}</span>`));
  else if (match === undefined) text.push(step("PTE", `<span class="mono">${
    hex(s.found_at[n])}</span>, read before the window`));
  return text.join("");
}

/** The PTE of a search, as it was read, and where it leads. */
function entry(data, n, low, cycle) {
  const s = data.searches, kind = data.enums.kind[s.kind[n]];
  const set = ["r", "c"].filter((name) => s[`${name}_cycle`][n] && s[`${name}_cycle`][n] <= cycle);
  const refused = kind === "FETCH" && low >>> 3 & 1 ? "NO_EXECUTE"
    : rights(s.key[n], low & 3) >= (kind === "STORE" ? 1 : 2) ? "PROTECTION" : "";
  return step("PTE", `<span class="mono">${hex(s.found_at[n])}</span> `
    + bits(["RPN", hex(low >>> 12, 5), "page"], ["R", low >>> 8 & 1], ["C", low >>> 7 & 1],
      ["WIMG", binary(low >>> 3 & 15, 4)], ["PP", binary(low & 3, 2)])
    + (set.length ? ` sets ${set.map((name) => name.toUpperCase()).join(" and ")}` : ""))
    + protection(s.key[n], low & 3) + step("PA", refused ? `<span class="bad">${refused}</span>`
      : bits(["RPN", hex(low >>> 12, 5), "page"], ["offset", hex(s.ea[n] & 0xfff, 3), "offset"]));
}

function block(data, i) {
  const t = data.translations, ea = t.ea[i], side = t.side[i] ? "dmmu" : "immu";
  for (let n = 0; n < 4; n++) {
    const upper = data.value(`mmu.${side}.bats.upper${n}`, t.cycle[i]);
    const lower = data.value(`mmu.${side}.bats.lower${n}`, t.cycle[i]);
    const mask = ((upper >>> 2 & 0x7ff) << 17 | 0x1ffff) >>> 0;
    const valid = t.user[i] ? upper & 1 : upper >>> 1 & 1;
    if (!valid || ((ea ^ upper) & ~mask) !== 0) continue;
    return step("EA", bits(["block", hex((ea & ~mask) >>> 0), "page"],
      ["offset", hex(ea & mask, 7), "offset"]))
      + step(`${t.side[i] ? "D" : "I"}BAT${n}`, bits(["BEPI", hex((upper & 0xfffe0000) >>> 0), "page"],
        ["BL", hex(upper >>> 2 & 0x7ff, 3)], ["BRPN", hex((lower & 0xfffe0000) >>> 0), "page"],
        ["WIMG", binary(lower >>> 3 & 15, 4)], ["PP", binary(lower & 3, 2)]))
      + protection(1, lower & 3);
  }
  return step("BAT", "hit");
}

/** What a key and PP bits allow: an index of `RIGHTS`. */
const rights = (key, pp) => (key && pp === 0 ? 2 : pp === 3 || (key && pp === 1) ? 1 : 0);

function protection(key, pp) {
  return step("protection", `${bits(["key", key], ["PP", binary(pp, 2)])} ${RIGHTS[rights(key, pp)]}`);
}

function outcome(data, i) {
  const t = data.translations, result = data.enums.result[t.result[i]];
  return step("PA", result === "OK"
    ? `<span class="mono ok">${hex(t.pa[i])}</span>, WIMG ${binary(t.wimg[i], 4)}`
    : `<span class="bad">${result}</span>`);
}
