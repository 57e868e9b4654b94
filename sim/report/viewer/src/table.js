// The page table: a square for each entry, coloured by its owner; and both TLBs.

import { COLOUR, canvasPane } from "./draw.js";
import { hex } from "./data.js";

const owner = (vsid) => (vsid * 137.5) % 360;
const EMPTY = "#eef0f3";
const colours = new Map();

/** Colour of an entry: its owner's, darker with R and C. */
function shade(vsid, low) {
  const light = low >>> 7 & 1 ? 38 : low >>> 8 & 1 ? 55 : 76, key = vsid * 128 + light;
  if (!colours.has(key)) colours.set(key, `hsl(${owner(vsid)} 60% ${light}%)`);
  return colours.get(key);
}

export function tablePane(data, view) {
  const groups = data.table.size / 64, entries = groups * 8;
  let row = null;
  /** A row of empty entries: drawn once for a size. */
  const emptyRow = (side, perRow, size) => {
    const name = `${side} ${perRow}`;
    if (row?.name === name) return row.canvas;
    const canvas = document.createElement("canvas"), ratio = window.devicePixelRatio || 1;
    canvas.width = perRow * side * ratio;
    canvas.height = side * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = EMPTY;
    for (let n = 0; n < perRow; n++) context.fillRect(n * side, 0, size, size);
    row = { name, canvas };
    return canvas;
  };
  return canvasPane("Page table: entries by owner, with R and C", (context, width, height) => {
    const top = 40, usable = width - 20;
    const side = Math.max(1, Math.floor(Math.sqrt(usable * (height - top - 10) / entries)));
    const perRow = Math.max(8, Math.floor(usable / side / 8) * 8);
    let valid = 0;
    const size = Math.max(1, side - (side > 3 ? 1 : 0));
    const owners = new Map(), empty = emptyRow(side, perRow, size);
    for (let n = 0; n < entries; n += perRow) {
      const part = Math.min(1, (entries - n) / perRow);
      context.drawImage(empty, 0, 0, empty.width * part, empty.height,
        10, top + n / perRow * side, perRow * side * part, side);
    }
    for (let n = 0; n < entries; n++) {
      const high = data.word(n * 2, view.cycle), vsid = high >>> 7 & 0xffffff;
      if (!(high >>> 31)) continue;
      valid++;
      owners.set(vsid, (owners.get(vsid) ?? 0) + 1);
      context.fillStyle = shade(vsid, data.word(n * 2 + 1, view.cycle));
      context.fillRect(10 + (n % perRow) * side, top + Math.floor(n / perRow) * side, size, size);
    }
    // What is written in the last hundred cycles, and the entry that a search looks at.
    const mark = (address, colour) => {
      const n = Math.floor((address - data.table.base) / 8);
      if (n < 0 || n >= entries) return;
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.strokeRect(10 + (n % perRow) * side - 2, top + Math.floor(n / perRow) * side - 2,
        side + 3, side + 3);
    };
    const c = data.table.changes;
    for (let i = c.cycle.length - 1; i >= 0 && c.cycle[i] > view.cycle - 100; i--)
      if (c.cycle[i] <= view.cycle) mark(c.address[i], COLOUR.cursor);
    if (data.value("mmu.walker.busy", view.cycle)) mark(data.value("mmu.walker.found_at", view.cycle), "#111");
    context.fillStyle = COLOUR.ink;
    context.fillText(`Table at ${hex(data.table.base)}, ${groups} PTEGs: ${valid} valid entries. Dark: C set; medium: R; light: neither.`, 10, 12);
    let x = 10;
    context.font = "10.5px system-ui, DejaVu Sans, sans-serif";
    for (const [vsid, count] of [...owners].sort((a, b) => b[1] - a[1]).slice(0, 8)) {
      context.fillStyle = `hsl(${owner(vsid)} 60% 50%)`;
      context.fillRect(x, 24, 9, 9);
      context.fillStyle = COLOUR.dim;
      const text = `VSID ${hex(vsid, 6)}: ${count}`;
      context.fillText(text, x + 13, 29);
      x += 26 + context.measureText(text).width;
    }
  });
}

export function tlbPane(data, view) {
  const { sets, ways } = data.tlb;
  return canvasPane("TLBs: an entry for each set and way", (context, width, height) => {
    const column = (width - 30) / (2 * ways), row = Math.min(15, (height - 46) / sets);
    for (const side of [0, 1]) for (let way = 0; way < ways; way++) {
      const left = 10 + side * 10 + (side * ways + way) * column;
      context.font = "11px system-ui, DejaVu Sans, sans-serif";
      context.fillStyle = COLOUR.ink;
      context.fillText(`${side ? "data" : "fetch"} TLB, way ${way}`, left, 12);
      for (let set = 0; set < sets; set++) {
        const entry = data.tlbEntry(side, set, way, view.cycle), y = 24 + set * row;
        const young = entry && view.cycle - entry.since < 100;
        context.fillStyle = entry
          ? `hsl(${owner(entry.vsid)} 60% ${entry.low & 64 ? 72 : 86}%)` : EMPTY;
        context.fillRect(left, y, column - 4, row - 1);
        if (young) {
          context.strokeStyle = COLOUR.cursor;
          context.strokeRect(left + 0.5, y + 0.5, column - 5, row - 2);
        }
        if (entry && row >= 8) {
          context.fillStyle = COLOUR.ink;
          context.font = `${Math.min(10, row - 1)}px "DejaVu Sans Mono", monospace`;
          context.fillText(`${set}: ${hex(entry.vsid, 6)} ${hex(entry.ea, 7)} → ${hex(entry.pa)}`,
            left + 3, y + row / 2, column - 8);
        }
      }
    }
    context.fillStyle = COLOUR.dim;
    context.font = "10.5px system-ui, DejaVu Sans, sans-serif";
    context.fillText("Red: written in the last 100 cycles. Dark: C set.",
      10, height - 10);
  });
}
