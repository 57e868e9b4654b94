// Exceptions and privilege over time: the whole window above, the ledger as a list.

import { COLOUR, WORLD } from "./draw.js";
import { last } from "./data.js";
import { virtualList } from "./draw.js";

const PR = 0x4000, IR = 0x20, DR = 0x10;

/** The strip on top of the page: privilege and translation, exceptions, table searches, misses. */
export function overview(data, view) {
  const msr = data.signal.get("core.special.msr"), e = data.events;
  const kind = Object.fromEntries(Object.entries(data.enums.event).map(([n, name]) => [name, +n]));
  const miss = data.signal.get("dcache.operation.state");
  return (context, width) => {
    const left = 84, scale = (width - left - 10) / data.count, x = (c) => left + c * scale;
    const names = [data.worlds ? "world" : "privilege", "exceptions", "searches", "cache misses"];
    context.font = "10px system-ui, DejaVu Sans, sans-serif";
    names.forEach((name, n) => { context.fillStyle = COLOUR.dim; context.fillText(name, 8, 9 + n * 14); });
    data.worlds?.cycles.forEach((cycle, n) => {
      context.fillStyle = WORLD[data.worlds.values[n]];
      context.fillRect(x(cycle), 4, ((data.worlds.cycles[n + 1] ?? data.count) - cycle) * scale + 0.5, 10);
    });
    if (!data.worlds) msr.cycles.forEach((cycle, n) => {
      const value = msr.values[n];
      context.fillStyle = value & PR ? "#8ec07c" : value & (IR | DR) ? "#83a9d6" : "#c9b7dd";
      context.fillRect(x(cycle), 4, ((msr.cycles[n + 1] ?? data.count) - cycle) * scale + 0.5, 10);
    });
    for (let i = 0; i < e.cycle.length; i++) {
      const c = e.cycle[i] - data.start;
      if (c < 0 || c >= data.count) continue;
      if (e.kind[i] === kind.EXCEPTION) { context.fillStyle = COLOUR.cursor; context.fillRect(x(c), 18, 2, 10); }
      if (e.kind[i] === kind.RETURN) { context.fillStyle = "#2b7a2e"; context.fillRect(x(c), 18, 1, 10); }
    }
    context.fillStyle = "#d9534f";
    const s = data.searches;
    for (let n = 0; n < s.begin.length; n++)
      context.fillRect(x(s.begin[n] - data.start), 32, Math.max(1, (s.end[n] - s.begin[n]) * scale), 10);
    context.fillStyle = "#e8956b";
    if (miss) miss.cycles.forEach((cycle, n) => {
      if (miss.enum[miss.values[n]] === "RELOAD")
        context.fillRect(x(cycle), 46, Math.max(1, ((miss.cycles[n + 1] ?? data.count) - cycle) * scale), 10);
    });
    context.strokeStyle = COLOUR.ink;
    context.strokeRect(x(view.first - data.start), 1, Math.max(3, Math.min(
      width, 640 / view.scale * scale)), 59);
    context.fillStyle = COLOUR.cursor;
    context.fillRect(x(view.cycle - data.start), 0, 1.5, 62);
  };
}

export function eventsPane(data, view) {
  const e = data.events;
  const list = virtualList(e.cycle.length,
    (i) => `${String(e.cycle[i]).padStart(11)}  ${data.eventText(i)}`,
    (i) => view.go(e.cycle[i]), "Ledger: architectural events");
  list.element.style.height = "100%";
  // Records are in program order; for the cursor they are needed in the order of cycles.
  const order = Array.from(e.cycle.keys()).sort((a, b) => e.cycle[a] - e.cycle[b]);
  const cycles = Uint32Array.from(order, (i) => e.cycle[i]);
  return { element: list.element, draw() {
    const now = last(cycles, view.cycle), chosen = now < 0 ? -1 : order[now];
    list.marks((i) => (i === chosen ? "now" : ""));
    if (chosen >= 0) list.show(chosen);
    list.draw();
  } };
}
