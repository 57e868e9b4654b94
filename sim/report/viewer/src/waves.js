// Waveforms: signals against cycles, with values by name.

import { COLOUR, MONO, cursorLine, paint, ruler } from "./draw.js";
import { last } from "./data.js";

const LABEL = 236, ROW = 20, TOP = 18;

export function wavePane(data, view) {
  const scroll = document.createElement("div"), canvas = document.createElement("canvas");
  scroll.style.height = "100%";
  scroll.style.overflow = "hidden auto";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Waveforms: list of signals");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Waveforms");
  canvas.style.position = "sticky";
  canvas.style.top = "0";
  canvas.style.width = "100%";
  const space = document.createElement("div");
  scroll.append(canvas, space);
  const signals = () => data.shown.map((path) => data.signal.get(path)).filter(
    (signal) => !view.filter || signal.path.includes(view.filter));
  const draw = () => {
    const list = signals(), height = scroll.clientHeight || 520;
    canvas.style.height = `${height}px`;
    space.style.height = `${Math.max(0, list.length * ROW + TOP - height)}px`;
    const first = Math.floor(scroll.scrollTop / ROW);
    paint(canvas, (context, width) => {
      ruler(context, view, LABEL, width);
      const rows = Math.ceil((height - TOP) / ROW);
      for (let n = 0; n < rows && first + n < list.length; n++)
        wave(context, list[first + n], TOP + n * ROW, width);
      cursorLine(context, LABEL + (view.cycle - view.first + 0.5) * view.scale, height);
    });
  };
  const wave = (context, signal, y, width) => {
    const now = data.text(signal.path, view.cycle), middle = y + ROW / 2;
    context.font = MONO;
    context.fillStyle = COLOUR.ink;
    const name = signal.path.length > 24 ? `…${signal.path.slice(-23)}` : signal.path;
    context.fillText(name, 8, middle);
    context.fillStyle = COLOUR.cursor;
    context.textAlign = "right";
    context.fillText(now.length > 9 ? `${now.slice(0, 8)}…` : now, LABEL - 6, middle);
    context.textAlign = "left";
    context.save();
    context.beginPath();
    context.rect(LABEL, y, width - LABEL, ROW);
    context.clip();
    context.strokeStyle = COLOUR.accent;
    context.beginPath();
    const { cycles, values } = signal, from = view.first - data.start;
    let n = Math.max(0, last(cycles, from)), drawn = -1;
    for (; n < cycles.length; n++) {
      const x = LABEL + (cycles[n] - from) * view.scale;
      if (x > width) break;
      const end = LABEL + ((cycles[n + 1] ?? data.count) - from) * view.scale;
      if (Math.floor(end) === drawn) continue;        // no more than one change a pixel
      drawn = Math.floor(end);
      if (signal.width === 1) {
        const level = values[n] ? y + 4 : y + ROW - 4;
        context.moveTo(x, y + ROW - 4);
        context.lineTo(x, level);
        context.lineTo(end, level);
        context.lineTo(end, y + ROW - 4);
      } else {
        const slant = Math.min(3, (end - x) / 2);
        context.moveTo(x, middle);
        context.lineTo(x + slant, y + 4);
        context.lineTo(end - slant, y + 4);
        context.lineTo(end, middle);
        context.lineTo(end - slant, y + ROW - 4);
        context.lineTo(x + slant, y + ROW - 4);
        context.closePath();
        const left = Math.max(x, LABEL), text = data.format(signal, values[n]);
        const room = Math.floor((Math.min(end, width) - left - 8) / 6.7);
        if (room >= Math.min(3, text.length)) {
          context.fillStyle = COLOUR.ink;
          context.fillText(text.length > room ? `${text.slice(0, room - 1)}…` : text, left + 5, middle);
        }
      }
    }
    context.stroke();
    context.restore();
  };
  scroll.onscroll = draw;
  return { element: scroll, draw, left: LABEL };
}
