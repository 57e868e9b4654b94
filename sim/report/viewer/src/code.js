// Source and disassembly of what was fetched. Both follow the cursor: what is in flight, the oldest.

import { hex, last } from "./data.js";
import { virtualList } from "./draw.js";

export function codePane(data, view) {
  const p = data.passages, count = p.label.length - 1, { files, file, line } = data.source;
  const address = p.labels.map((label) => parseInt(label, 16));
  const order = Array.from(p.labels.keys()).sort((a, b) => address[a] - address[b]);
  const row = new Int32Array(order.length);       // of a label
  order.forEach((label, n) => { row[label] = n; });
  const byAddress = new Map(order.map((label, n) => [`${p.world[label]} ${address[label]}`, n]));
  const firstUse = new Map(), firstOfLine = new Map();
  for (let i = 0; i < count; i++) {
    const label = p.label[i], where = `${file[label]}:${line[label]}`;
    if (!firstUse.has(label)) firstUse.set(label, p.begin[i] + data.start);
    if (!firstOfLine.has(where)) firstOfLine.set(where, p.begin[i] + data.start);
  }
  const texts = files.map(({ text }) => text?.split("\n") ?? []);
  let shown = -1;                                 // file
  const caption = document.createElement("div");
  caption.className = "caption mono";
  const source = virtualList(0, (n) => {
    const used = firstOfLine.has(`${shown}:${n + 1}`);
    return `${String(n + 1).padStart(5)} ${used ? "·" : " "} ${texts[shown][n].replace(/\t/g, "        ")}`;
  }, (n) => { const cycle = firstOfLine.get(`${shown}:${n + 1}`); if (cycle !== undefined) view.go(cycle); },
  "Source");
  const code = virtualList(order.length, (n) => p.labels[order[n]], (n) => view.go(firstUse.get(order[n])),
    "Disassembly of what was fetched");
  const element = document.createElement("div");
  element.className = "split";
  source.element.style.flex = code.element.style.flex = "1 1 50%";
  element.append(...(files.length ? [caption, source.element] : []), code.element);
  return { element, draw() {
    const at = view.cycle - data.start, live = new Set(), lines = new Set();
    for (let i = last(p.begin.subarray(0, count), at), far = 0; i >= 0 && far < 64; i--) {
      if (p.end[i] > at) { live.add(p.label[i]); far = 0; } else far++;
    }
    const pc = byAddress.get(`${data.world(view.cycle)} ${data.value("core.completion.pc", view.cycle)}`);
    const label = pc === undefined ? undefined : order[pc];
    code.marks((n) => (n === pc ? "now" : live.has(order[n]) ? "flight" : ""));
    if (pc !== undefined) code.show(pc);
    code.draw();
    if (!files.length) return;
    // Code without a source leaves the last one in its place.
    if (label !== undefined && file[label] >= 0) shown = file[label];
    if (shown < 0) shown = 0;
    for (const one of live) if (file[one] === shown) lines.add(line[one] - 1);
    const now = label !== undefined && file[label] === shown ? line[label] - 1 : -1;
    caption.textContent = label !== undefined && file[label] < 0
      ? `${hex(address[label])}: no source line` : `${files[shown].name}${
        now < 0 ? "" : `:${now + 1}`}${texts[shown].length ? "" : " (the file is not there)"}`;
    source.resize(texts[shown].length);
    source.marks((n) => (n === now ? "now" : lines.has(n) ? "flight" : ""));
    if (now >= 0) source.show(now);
    source.draw();
  } };
}
