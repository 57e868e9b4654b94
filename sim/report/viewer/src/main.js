// One cursor for all panes.

import { hex, last, load } from "./data.js";
import { WORLD, paint } from "./draw.js";
import { LEGEND, pipelinePane } from "./pipeline.js";
import { wavePane } from "./waves.js";
import { translationPane } from "./translation.js";
import { tablePane, tlbPane } from "./table.js";
import { cachePane } from "./caches.js";
import { lifePane } from "./life.js";
import { codePane } from "./code.js";
import { eventsPane, overview } from "./timeline.js";
import { exitsPane } from "./exits.js";
import { ledgerPane } from "./ledger.js";
import { storeysPane } from "./storeys.js";
import { graphPane } from "./graph.js";
import { statisticsPane, summaryPane } from "./statistics.js";
import uplotStyle from "uplot/dist/uPlot.min.css";

const byId = (id) => document.getElementById(id);

class View {
  constructor(data) {
    this.data = data;
    this.scale = 12;            // pixels a cycle
    // Without a trigger, the search that sets R shows most.
    const { end, r_cycle } = data.searches, search = Math.max(0, r_cycle.findIndex((c) => c > 0));
    this.cycle = Math.min(data.end, data.trigger ?? end[search] ?? data.start);
    this.first = Math.max(data.start, this.cycle - 20);
    this.filter = "";
    this.visible = new Set();
    this.frame = 0;
  }

  go(cycle) {
    this.cycle = Math.min(this.data.end, Math.max(this.data.start, Math.round(cycle)));
    const room = 460 / this.scale;
    if (this.cycle < this.first || this.cycle > this.first + room)
      this.first = Math.max(this.data.start, this.cycle - Math.floor(room / 4));
    this.changed();
  }

  zoom(factor) {
    const at = (this.cycle - this.first) * this.scale;
    this.scale = Math.min(60, Math.max(0.05, this.scale * factor));
    this.first = Math.max(this.data.start, Math.round(this.cycle - at / this.scale));
    this.changed();
  }

  changed() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    if (document.activeElement !== byId("cycle")) byId("cycle").value = this.cycle;
    const strip = byId("overview");
    strip.setAttribute("aria-valuemin", this.data.start);
    strip.setAttribute("aria-valuemax", this.data.end);
    strip.setAttribute("aria-valuenow", this.cycle);
    paint(strip, this.strip);
    for (const pane of this.visible) pane.draw();
  }
}

/** Panes of one half of the page, one of them visible. */
function tabs(view, place, label, panes) {
  const bar = document.createElement("div");
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", label);
  place.append(bar);
  const all = Object.entries(panes).map(([name, pane], n) => {
    const button = document.createElement("button"), panel = document.createElement("div");
    const id = `${place.id}-${n}`;
    button.setAttribute("role", "tab");
    button.id = `${id}-tab`;
    button.setAttribute("aria-controls", id);
    button.textContent = name;
    panel.id = id;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-label", name);
    panel.append(pane.element);
    bar.append(button);
    place.append(panel);
    button.onclick = () => show(pane);
    return { pane, button, panel };
  });
  const show = (chosen) => {
    for (const { pane, button, panel } of all) {
      const now = pane === chosen;
      button.setAttribute("aria-selected", now);
      button.tabIndex = now ? 0 : -1;
      panel.hidden = !now;
      if (now) view.visible.add(pane); else view.visible.delete(pane);
    }
    view.changed();
  };
  bar.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.stopPropagation();
    const next = all[(all.findIndex((one) => one.button === document.activeElement) + step
      + all.length) % all.length];
    next.button.focus();
    show(next.pane);
  };
  show(all[0].pane);
  return all;
}

/** A click in a pane of cycles moves the cursor; the wheel moves and zooms. */
function cycles(view, pane) {
  pane.element.addEventListener("pointerdown", (event) => {
    const x = event.clientX - pane.element.getBoundingClientRect().left - pane.left;
    if (x >= 0) view.go(Math.floor(view.first + x / view.scale));
  });
  pane.element.addEventListener("wheel", (event) => {
    if (event.ctrlKey) { event.preventDefault(); view.zoom(event.deltaY < 0 ? 1.25 : 0.8); }
    else if (event.shiftKey || event.deltaX) {
      event.preventDefault();
      view.first = Math.max(view.data.start, view.first + Math.round((event.deltaX || event.deltaY) / view.scale));
      view.changed();
    }
  }, { passive: false });
  return pane;
}

/** Search: a number or text in instructions and events. Yields now and then, returns the cycles that fit. */
function* matches(data, text) {
  const wanted = text.trim().toLowerCase(), found = new Set();
  if (!wanted) return [];
  const p = data.passages, labels = p.labels.map((label) => label.toLowerCase().includes(wanted));
  for (let i = 0; i < p.label.length - 1; i++) if (labels[p.label[i]]) found.add(p.begin[i] + data.start);
  const t = data.translations;
  for (let i = 0; i < t.cycle.length; i++) {
    if (i % 2000 === 0) yield;
    if (hex(t.ea[i]).includes(wanted) || hex(t.pa[i]).includes(wanted)) found.add(t.cycle[i]);
  }
  for (let i = 0; i < data.events.cycle.length; i++) {
    if (i % 500 === 0) yield;
    const cycle = data.events.cycle[i];
    if (cycle >= data.start && cycle <= data.end && data.eventText(i).toLowerCase().includes(wanted))
      found.add(cycle);
  }
  return [...found].sort((a, b) => a - b);
}

function keyboard(view) {
  let hits = [], current = null;
  const search = byId("search"), output = byId("found");
  const jump = (step) => {
    if (!hits.length) return;
    const at = last(hits, view.cycle), here = hits[at] === view.cycle;
    const next = step > 0 ? at + 1 : here ? at - 1 : at;
    view.go(hits[(next + hits.length) % hits.length]);
  };
  /** A piece of a search; the rest follows when the page has answered. A newer search ends it. */
  const go = (pieces) => {
    if (pieces !== current) return;
    const end = performance.now() + 12;
    for (let step; performance.now() < end;)
      if ((step = pieces.next()).done) {
        hits = step.value;
        output.textContent = search.value.trim() ? `${hits.length} cycles` : "";
        return;
      }
    setTimeout(go, 0, pieces);
  };
  search.oninput = () => {
    current = matches(view.data, search.value);
    hits = [];
    output.textContent = search.value.trim() ? "…" : "";
    go(current);
    view.filter = view.data.shown.some((path) => path.includes(search.value.trim()))
      ? search.value.trim() : "";
    view.changed();
  };
  search.onkeydown = (event) => { if (event.key === "Enter") jump(event.shiftKey ? -1 : 1); };
  byId("cycle").onchange = (event) => {
    const cycle = Number(event.target.value.replace(/[,_ ]/g, ""));
    if (Number.isFinite(cycle)) view.go(cycle);
  };
  document.addEventListener("keydown", (event) => {
    if (event.target.tagName === "INPUT" || event.ctrlKey || event.altKey || event.metaKey) return;
    const far = event.shiftKey ? 10 : 1, begin = view.data.searches.begin;
    const act = { ArrowRight: () => view.go(view.cycle + far), ArrowLeft: () => view.go(view.cycle - far),
      Home: () => view.go(view.data.start), End: () => view.go(view.data.end),
      n: () => jump(1), p: () => jump(-1), "+": () => view.zoom(1.5), "-": () => view.zoom(1 / 1.5),
      t: () => begin.length && view.go(begin[(last(begin, view.cycle) + 1) % begin.length]),
      "/": () => search.focus() }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
}

function strip(view) {
  const canvas = byId("overview");
  const move = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const box = canvas.getBoundingClientRect();
    view.go(view.data.start + (event.clientX - box.left - 84) / (box.width - 94) * view.data.count);
  };
  canvas.onpointerdown = canvas.onpointermove = move;
}

function withLegend(data, pane) {
  const element = document.createElement("div"), legend = document.createElement("div");
  element.className = "split";
  legend.className = "legend";
  legend.style.padding = "2px 4px";
  const worlds = data.worlds ? [...new Set(data.worlds.values)].sort().map(
    (n) => [data.enums.world[n].toLowerCase().replace("_", " "), WORLD[n]]) : [];
  legend.innerHTML = [...LEGEND, ...worlds].map(([name, colour]) => `<i style="background:${colour}"></i>${name}`).join("");
  pane.element.style.cssText = "flex:1;min-height:0;width:100%";
  element.append(pane.element, legend);
  return { ...pane, element };
}

async function start() {
  const data = await load();
  document.head.append(Object.assign(document.createElement("style"), { textContent: uplotStyle }));
  const view = new View(data);
  view.strip = overview(data, view);
  const pipeline = withLegend(data, cycles(view, pipelinePane(data, view)));
  const { exits, ledger, storeys } = data.session ?? {};
  const all = [
    ...tabs(view, byId("left"), "The whole window", { Pipeline: pipeline, Waveforms: cycles(view, wavePane(data, view)),
      Statistics: statisticsPane(data, view), ...(exits && { Exits: exitsPane(data, view) }),
      ...(ledger?.cycle.length && { Registers: ledgerPane(data, view) }),
      Summary: summaryPane(data) }),
    ...tabs(view, byId("right"), "At the cursor", { Translation: translationPane(data, view),
      ...(storeys && { Storeys: storeysPane(data, view) }),
      "Page table": tablePane(data, view), TLBs: tlbPane(data, view),
      "Page life": lifePane(data, view),
      Caches: cachePane(data, view), Events: eventsPane(data, view),
      Code: codePane(data, view), Components: graphPane(data, view) }),
  ];
  keyboard(view);
  strip(view);
  addEventListener("resize", () => view.changed());
  addEventListener("beforeprint", () => all.forEach(({ pane, panel }) => {
    panel.hidden = false;
    pane.draw();
  }));
  addEventListener("afterprint", () => {
    all.forEach(({ pane, panel }) => { panel.hidden = !view.visible.has(pane); });
    view.changed();
  });
  view.draw();
  // For tests: what the panes show comes from here.
  globalThis.report = { data, view, all };
  document.body.dataset.ready = "true";
}

start();
