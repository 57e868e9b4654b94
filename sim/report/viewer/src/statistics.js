// Counts over the window, as plots; and the summary.

import uPlot from "uplot";

/** How much a counter grows in each of `pieces` parts of the window; `quotient`: a cycle. */
function growth(data, path, pieces, quotient) {
  const border = (n) => data.start + Math.floor(n * (data.count - 1) / pieces);
  return Array.from({ length: pieces }, (_, n) => (Number(data.value(path, border(n + 1)))
    - Number(data.value(path, border(n)))) / (quotient && border(n + 1) - border(n) || 1));
}

const PLOTS = [["Instructions a cycle", ["instructions"], true],
  ["Cache misses", ["icache misses", "dcache misses", "castouts"], false],
  ["TLB misses and table searches", ["fetch TLB misses", "data TLB misses", "table searches"], false]];
const COLOURS = ["#1f5fa8", "#c8321f", "#62a87c"];

export function statisticsPane(data, view) {
  const element = document.createElement("div");
  element.className = "plots";
  const pieces = Math.max(1, Math.min(200, data.count - 1)), each = (data.count - 1) / pieces;
  const at = Array.from({ length: pieces }, (_, n) => data.start + (n + 0.5) * each);
  const plots = [];
  const build = ([title, names, quotient]) => new uPlot({
    title, width: Math.max(300, element.clientWidth - 20), height: 170,
    scales: { x: { time: false } }, legend: { live: false },
    cursor: { drag: { x: false, y: false } },
    series: [{ label: "cycle" }, ...names.map((label, n) => ({ label, stroke: COLOURS[n], width: 1.2 }))],
    axes: [{ font: "10px sans-serif" }, { font: "10px sans-serif", size: 44 }],
    hooks: { init: [(plot) => {
      plot.ctx.canvas.setAttribute("role", "img");
      plot.ctx.canvas.setAttribute("aria-label", `${title} over the window`);
    }], draw: [(plot) => {
      const x = plot.valToPos(view.cycle, "x", true);
      plot.ctx.fillStyle = "#c8321f";
      plot.ctx.fillRect(x, plot.bbox.top, devicePixelRatio, plot.bbox.height);
    }], ready: [(plot) => plot.over.addEventListener("click", () =>
      view.go(Math.round(plot.posToVal(plot.cursor.left, "x"))))] },
  }, [at, ...names.map((name) => growth(data, data.counters[name], pieces, quotient))], element);
  return { element, draw() {
    plots.forEach((plot) => plot.redraw(false));
    if (plots.length === PLOTS.length) return;
    plots.push(build(PLOTS[plots.length]));     // one a frame
    view.changed();
  } };
}

export function summaryPane(data) {
  const element = document.createElement("div");
  element.className = "text";
  const rows = (object, prefix = "") => Object.entries(object).flatMap(([key, value]) =>
    value !== null && typeof value === "object" ? rows(value, `${prefix}${key} `)
      : [[prefix + key, value === null ? "not counted" : typeof value === "number"
        ? (Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(3)) : value]]);
  const table = (caption, object) => {
    const heading = document.createElement("h2"), grid = document.createElement("table");
    heading.textContent = caption;
    for (const [key, value] of rows(object)) {
      const row = grid.insertRow(), head = document.createElement("th");
      head.scope = "row";
      head.textContent = key;
      row.append(head);
      row.insertCell().textContent = value;
    }
    element.append(heading, grid);
  };
  table("This report", data.summary);
  table("Statistics of the whole run", data.statistics);
  return { element, draw() {} };
}
