// Instructions against cycles; what waits is coloured by its cause.

import { COLOUR, MONO, WORLD, canvasPane, cursorLine, ruler } from "./draw.js";
import { last } from "./data.js";

const LABEL = 236, ROW = 16, TOP = 18;
const STAGE = { F: "#b9c6d4", Q: "#dfe5eb", D: "#7fa8d6", W: "#f0c987", IU1: "#62a87c", IU2: "#62a87c",
  SRU: "#9a86c9", LSU: "#4f93a8", FPU: "#c98ac0", C: "#cfdccf" };
const SEARCH = "#d9534f", MISS = "#e8956b";
const MEMORY = /^\S+ +(l[bhwfms]|st|dcb)/;
export const LEGEND = [["fetch", STAGE.F], ["queue", STAGE.Q], ["dispatch", STAGE.D],
  ["waits for operands", STAGE.W], ["integer", STAGE.IU1], ["system", STAGE.SRU],
  ["load/store", STAGE.LSU], ["floating point", STAGE.FPU], ["waits for completion", STAGE.C],
  ["table search", SEARCH], ["cache miss", MISS]];

export function pipelinePane(data, view) {
  const p = data.passages;
  // Runs of cycles in which the data side waits for a table search or for a block.
  const s = data.searches, mine = Array.from(s.side.keys()).filter((n) => s.side[n]);
  const searching = { begin: mine.map((n) => s.begin[n] - data.start), end: mine.map((n) => s.end[n] + 1 - data.start) };
  const missing = runs(data, "dcache.operation.state", (v, s) => s.enum[v] === "RELOAD");
  const pane = canvasPane("Pipeline: instructions against cycles", (context, width, height) => {
    const at = view.cycle - data.start, count = p.label.length - 1;
    let first = last(p.begin.subarray(0, count), at);
    while (first > 0 && p.end[first - 1] > at) first--;
    first = Math.max(0, first - Math.floor((height - TOP) / ROW / 3));
    ruler(context, view, LABEL, width);
    context.save();
    const rows = Math.floor((height - TOP) / ROW);
    for (let n = 0; n < rows && first + n < count; n++) {
      const i = first + n, y = TOP + n * ROW, live = p.begin[i] <= at && at < p.end[i];
      if (live) { context.fillStyle = "#f0f5fa"; context.fillRect(0, y, width, ROW); }
      if (data.worlds) {
        context.fillStyle = WORLD[p.world[p.label[i]]];
        context.fillRect(1, y + 1, 4, ROW - 2);
      }
      context.font = MONO;
      context.fillStyle = p.fate[i] === data.fates.indexOf("flushed") ? COLOUR.dim : COLOUR.ink;
      context.fillText(clip(data, p.labels[p.label[i]]), 8, y + ROW / 2);
      context.save();
      context.beginPath();
      context.rect(LABEL, y, width - LABEL, ROW);
      context.clip();
      for (let s = p.first[i]; s < p.first[i + 1]; s++) {
        const name = data.stages[p.span_stage[s]];
        bar(context, p.span_begin[s], p.span_end[s], y, STAGE[name]);
        // A store waits for its translation when it is the oldest.
        if (name === "LSU" || (name === "C" && MEMORY.test(p.labels[p.label[i]]))) {
          overlay(context, searching, p.span_begin[s], p.span_end[s], y, SEARCH);
          if (name === "LSU") overlay(context, missing, p.span_begin[s], p.span_end[s], y, MISS);
        }
        if (view.scale > 11 && (s === p.first[i] || p.span_stage[s] !== p.span_stage[s - 1])) {
          context.fillStyle = COLOUR.ink;
          context.font = "9px system-ui, DejaVu Sans, sans-serif";
          context.fillText(name, x(p.span_begin[s]) + 3, y + ROW / 2);
        }
      }
      const fate = data.fates[p.fate[i]];
      if (fate === "flushed" || fate === "exception") {
        context.fillStyle = fate === "flushed" ? COLOUR.dim : COLOUR.cursor;
        context.font = "bold 11px system-ui, DejaVu Sans, sans-serif";
        context.fillText(fate === "flushed" ? "×" : "!", x(p.end[i]) + 2, y + ROW / 2);
      }
      context.restore();
    }
    context.restore();
    cursorLine(context, LABEL + (view.cycle - view.first + 0.5) * view.scale, height);
  });
  const x = (cycle) => LABEL + (cycle + data.start - view.first) * view.scale;
  const bar = (context, begin, end, y, colour) => {
    context.fillStyle = colour;
    context.fillRect(x(begin), y + 2, Math.max(1, (end - begin) * view.scale - 0.5), ROW - 4);
  };
  const overlay = (context, list, begin, end, y, colour) => {
    for (let n = Math.max(0, last(list.begin, begin)); n < list.begin.length; n++) {
      if (list.begin[n] >= end) break;
      if (list.end[n] > begin)
        bar(context, Math.max(begin, list.begin[n]), Math.min(end, list.end[n]), y, colour);
    }
  };
  pane.left = LABEL;
  return pane;
}

function runs(data, path, holds) {
  const signal = data.signal.get(path), begin = [], end = [];
  if (!signal) return { begin, end };
  signal.cycles.forEach((cycle, n) => {
    if (holds(signal.values[n], signal)) {
      begin.push(cycle);
      end.push(signal.cycles[n + 1] ?? data.count);
    }
  });
  return { begin, end };
}

function clip(data, label) {
  const text = label.replace(/(\S) +/g, "$1 ").replace(" ", "  ");
  return text.length > 33 ? `${text.slice(0, 32)}…` : text;
}
