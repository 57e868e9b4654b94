// Canvas panes: sized to their place, drawn at most once a frame.

export const COLOUR = { ink: "#1d2733", dim: "#657080", line: "#d7dde4", accent: "#1f5fa8",
  cursor: "#c8321f" };
/** Of the worlds, by their numbers. */
export const WORLD = ["#657080", "#83a9d6", "#8ec07c", "#d9a441", "#a86fb5", "#d487a8"];
export const MONO = '11px "DejaVu Sans Mono", monospace', SANS = "11px system-ui, DejaVu Sans, sans-serif";

/** A canvas with a name; `draw(context, width, height)` paints it. */
export function canvasPane(label, draw) {
  const element = document.createElement("canvas");
  element.tabIndex = 0;
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  return { element, draw: () => paint(element, draw) };
}

export function paint(canvas, draw) {
  const box = canvas.getBoundingClientRect();
  const width = box.width || 1000, height = box.height || 500, ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = SANS;
  context.textBaseline = "middle";
  draw(context, width, height);
}

export function cursorLine(context, x, height) {
  context.fillStyle = COLOUR.cursor;
  context.fillRect(Math.round(x), 0, 1, height);
}

/** Cycle numbers above a pane. */
export function ruler(context, view, left, width) {
  const step = niceStep(90 / view.scale);
  context.fillStyle = COLOUR.dim;
  context.font = "10px system-ui, DejaVu Sans, sans-serif";
  for (let c = Math.ceil(view.first / step) * step; ; c += step) {
    const x = left + (c - view.first) * view.scale;
    if (x > width) break;
    context.fillText(c.toLocaleString("en"), x + 3, 8);
    context.fillRect(x, 0, 1, 16);
  }
}

function niceStep(wanted) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, wanted)));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= wanted);
}

/** A list of which only the visible rows are elements. */
export function virtualList(count, row, pick, label) {
  const scroll = document.createElement("div"), list = document.createElement("div");
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", label);
  list.className = "list";
  const resize = (lines) => { count = lines; list.style.height = `${count * 18}px`; };
  resize(count);
  scroll.append(list);
  let mark = () => "";
  const draw = () => {
    const first = Math.max(0, Math.floor(scroll.scrollTop / 18) - 5);
    const shown = Math.ceil((scroll.clientHeight || 400) / 18) + 10;
    list.replaceChildren(...Array.from(
      { length: Math.max(0, Math.min(count - first, shown)) }, (_, n) => {
        const line = document.createElement("div");
        line.style.top = `${(first + n) * 18}px`;
        line.textContent = row(first + n);
        line.className = mark(first + n);
        line.onclick = () => pick(first + n);
        return line;
      }));
  };
  scroll.onscroll = draw;
  return { element: scroll, draw, resize, marks(f) { mark = f; },
    show(n) {
      const top = n * 18;
      if (top < scroll.scrollTop || top > scroll.scrollTop + scroll.clientHeight - 36)
        scroll.scrollTop = Math.max(0, top - scroll.clientHeight / 2);
    } };
}
