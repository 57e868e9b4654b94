// The exit flame: cycles by world, of those outside of the guest by kind of exit, of each kind by phase.

import { COLOUR, WORLD, canvasPane, virtualList } from "./draw.js";
import { hex, last } from "./data.js";

const PHASE = ["#0366d6", "#2188ff", "#79b8ff", "#d73a49", "#f9826c", "#6a737d", "#959da5", "#22863a", "#85e89d"];
const ROW = 26, LEFT = 10, TOP = 22;

/** Cycles of every kind of exit by phase: [{kind, count, total, phases}], the most costly first. */
export function totals({ kinds, kind, phases, cycles }) {
  const found = kinds.map((name) => ({ kind: name, count: 0, total: 0, phases: phases.map(() => 0) }));
  kind.forEach((number, n) => {
    const one = found[number];
    one.count++;
    phases.forEach((_, p) => { const c = cycles[n * phases.length + p]; one.phases[p] += c; one.total += c; });
  });
  return found.sort((a, b) => b.total - a.total);
}

export function exitsPane(data, view) {
  const { exits, worlds } = data.session, sums = totals(exits), names = Object.values(data.enums.world);
  const outside = sums.reduce((sum, one) => sum + one.total, 0);
  const guest = Object.entries(worlds).filter(([name]) => name.startsWith("GUEST"));
  const whole = guest.reduce((sum, [, cycles]) => sum + cycles, outside);
  const cost = (n) => exits.phases.reduce((sum, _, p) => sum + exits.cycles[n * exits.phases.length + p], 0);
  let boxes = [];
  const pane = canvasPane("Exit flame: cycles by world, kind of exit, phase", (context, width) => {
    const scale = (width - 2 * LEFT) / whole;
    boxes = [];
    const box = (x, row, cycles, colour, text, kind) => {
      const left = LEFT + x * scale, wide = cycles * scale, y = TOP + row * ROW;
      context.fillStyle = colour;
      context.fillRect(left, y, Math.max(0.5, wide - 0.5), ROW - 2);
      boxes.push({ left, wide, y, text: `${text}: ${cycles.toLocaleString("en")} cycles`, kind });
      if (wide < 24) return;
      context.save();
      context.beginPath();
      context.rect(left, y, wide - 3, ROW);
      context.clip();
      context.fillStyle = COLOUR.ink;
      context.fillText(text, left + 4, y + ROW / 2);
      context.restore();
    };
    context.fillStyle = COLOUR.ink;
    context.fillText(`${whole.toLocaleString("en")} cycles from the first entry on: ${
      exits.kind.length} exits took ${(100 * outside / whole).toFixed(1)} %`, LEFT, 10);
    let x = 0;
    for (const [name, cycles] of guest) {
      box(x, 0, cycles, WORLD[names.indexOf(name)], name.toLowerCase().replace("_", " "));
      x += cycles;
    }
    box(x, 0, outside, WORLD[3], "exits");
    for (const one of sums) {
      box(x, 1, one.total, "#e9d5a3", `${one.kind} × ${one.count}`, one.kind);
      let at = x;
      one.phases.forEach((cycles, p) => {
        if (cycles) box(at, 2, cycles, PHASE[p], exits.phases[p].toLowerCase().replaceAll("_", " "), one.kind);
        at += cycles;
      });
      x += one.total;
    }
  });
  const element = document.createElement("div"), told = document.createElement("div");
  const legend = document.createElement("div");
  element.className = "split";
  told.className = "caption";
  told.setAttribute("aria-live", "polite");
  told.textContent = "A click on a kind moves the cursor to its next exit in the window.";
  legend.className = "legend";
  legend.style.padding = "2px 4px";
  legend.innerHTML = exits.phases.map((name, n) =>
    `<i style="background:${PHASE[n]}"></i>${name.toLowerCase().replaceAll("_", " ")}`).join("");
  pane.element.style.cssText = `flex:none;width:100%;height:${TOP + 3 * ROW + 4}px`;
  const at = (event) => {
    const place = pane.element.getBoundingClientRect(), x = event.clientX - place.left, y = event.clientY - place.top;
    return boxes.find((box) => x >= box.left && x < box.left + box.wide && y >= box.y && y < box.y + ROW);
  };
  pane.element.addEventListener("pointermove", (event) => { const box = at(event); if (box) told.textContent = box.text; });
  pane.element.addEventListener("pointerdown", (event) => {
    const kind = exits.kinds.indexOf(at(event)?.kind);
    const next = exits.cycle.findIndex((cycle, n) => exits.kind[n] === kind && cycle > view.cycle && cycle <= data.end);
    const first = exits.cycle.findIndex((cycle, n) => exits.kind[n] === kind && cycle >= data.start);
    if (next >= 0 || first >= 0) view.go(exits.cycle[next >= 0 ? next : first]);
  });
  const list = virtualList(exits.cycle.length, (n) => `${String(exits.cycle[n]).padStart(11)}  ${
    String(cost(n)).padStart(6)} cycles ${String(exits.instructions[n]).padStart(5)} instructions  pc ${
    hex(exits.pc[n])}  ${exits.kinds[exits.kind[n]]}`, (n) => view.go(exits.cycle[n]), "Exits from the guest");
  element.append(pane.element, told, legend, list.element);
  return { element, sums, draw() {
    pane.draw();
    const now = last(exits.cycle, view.cycle);
    list.marks((n) => (n === now && view.cycle < exits.cycle[n] + cost(n) ? "now" : n === now ? "flight" : ""));
    if (now >= 0) list.show(now);
    list.draw();
  } };
}
