// The caches: a square for each block, by its state; and the history of one set.

import { COLOUR, canvasPane, virtualList } from "./draw.js";
import { hex, last } from "./data.js";

const STATE = ["#eef0f3", "#a9c8e8", "#e8956b"], LEFT = 10, TOP = 20, GAP = 22;

/** Of each cache: its slots at the cycle, moved forward or back from where they were last. */
class Contents {
  constructor(caches) {
    this.changes = caches.changes;
    this.caches = caches.caches.map((cache) => ({ ...cache, state: cache.state.slice(),
      address: cache.address.slice(), since: new Int32Array(cache.state.length).fill(-1) }));
    // What a change has replaced, to go back.
    const { cycle, cache, slot, state, address } = this.changes;
    this.old = Array.from(cycle, (when, i) => {
      const one = this.caches[cache[i]], n = slot[i], old = [one.state[n], one.address[n], one.since[n]];
      one.state[n] = state[i]; one.address[n] = address[i]; one.since[n] = when;
      return old;
    });
    this.done = cycle.length;
  }

  at(now) {
    const { cycle, cache, slot, state, address } = this.changes, until = last(cycle, now - 1) + 1;
    while (this.done > until) {
      const i = --this.done, one = this.caches[cache[i]], n = slot[i];
      [one.state[n], one.address[n], one.since[n]] = this.old[i];
    }
    for (; this.done < until; this.done++) {
      const i = this.done, one = this.caches[cache[i]], n = slot[i];
      one.state[n] = state[i]; one.address[n] = address[i]; one.since[n] = cycle[i];
    }
    return this.caches;
  }
}

export function cachePane(data, view) {
  const contents = new Contents(data.caches), names = data.enums.block, { changes } = data.caches;
  const sizeOf = (cache) => cache.ways * cache.sectors;
  const history = new Map();          // of "cache set": numbers of changes
  for (let i = 0; i < changes.cycle.length; i++) {
    const key = `${changes.cache[i]} ${Math.floor(changes.slot[i] / sizeOf(contents.caches[changes.cache[i]]))}`;
    if (!history.has(key)) history.set(key, []);
    history.get(key).push(i);
  }
  let chosen = null, places = [];     // [cache, set]; where each cache is drawn
  /** The set that was chosen, or the one that changed last. */
  const current = () => {
    if (chosen) return chosen;
    const i = Math.max(0, last(changes.cycle, view.cycle));
    return i < changes.cycle.length
      ? [changes.cache[i], Math.floor(changes.slot[i] / sizeOf(contents.caches[changes.cache[i]]))] : [0, 0];
  };
  const pane = canvasPane("Caches: a square for each block, by its state", (context, width, height) => {
    const caches = contents.at(view.cycle), [number, set] = current();
    places = layout(caches, width, height);
    caches.forEach((cache, c) => {
      const { x, y, columns, cell, row } = places[c], of = sizeOf(cache), count = [0, 0, 0];
      for (let n = 0; n < cache.state.length; n++) {
        const index = Math.floor(n / of), left = x + (Math.floor(index / columns.rows) * (of + 1) + n % of) * cell;
        const top = y + index % columns.rows * row;
        count[cache.state[n]]++;
        context.fillStyle = STATE[cache.state[n]];
        context.fillRect(left, top, Math.max(1, cell - (cell > 3)), Math.max(1, row - (row > 3)));
        if (cache.since[n] >= 0 && view.cycle - cache.since[n] <= 100) {
          context.fillStyle = COLOUR.cursor;
          context.fillRect(left, top, Math.max(2, cell - 1), 2);
        }
      }
      if (c === number) {
        context.strokeStyle = COLOUR.ink;
        context.strokeRect(x + Math.floor(set / columns.rows) * (of + 1) * cell - 1.5,
          y + set % columns.rows * row - 1.5, of * cell + 2, row + 2);
      }
      context.fillStyle = COLOUR.ink;
      context.fillText(`${cache.name}: ${cache.sets} sets of ${cache.ways} ways, ${count[1]} exclusive, ${
        count[2]} modified`, x, y - 9);
    });
  });
  const element = document.createElement("div"), now = document.createElement("div");
  const legend = document.createElement("div");
  element.className = "split";
  pane.element.style.cssText = "flex:1 1 55%;min-height:0;width:100%";
  legend.className = "legend";
  legend.innerHTML = ["invalid", "exclusive", "modified"].map(
    (name, n) => `<i style="background:${STATE[n]}"></i>${name}`).join("")
    + `<i style="background:${COLOUR.cursor}"></i>changed in the last 100 cycles. A click chooses a set.`;
  now.className = "text mono";
  let rows = [];
  const list = virtualList(0, (n) => line(rows[n]), (n) => view.go(changes.cycle[rows[n]] + 1),
    "History of the set");
  const line = (i) => {
    const cache = contents.caches[changes.cache[i]], place = changes.slot[i] % sizeOf(cache);
    const [before, old] = contents.old[i], state = changes.state[i], address = hex(changes.address[i]);
    const what = !state ? `${address} leaves${before === 2 ? ", it was modified" : ""}`
      : !before || old !== changes.address[i]
        ? `${address} enters, ${names[state]}${before ? ` in place of ${hex(old)}` : ""}`
        : `${address} becomes ${names[state]}`;
    return `${String(changes.cycle[i]).padStart(11)}  way ${Math.floor(place / cache.sectors)}${
      cache.sectors > 1 ? ` sector ${place % cache.sectors}` : ""}  ${what}`;
  };
  list.element.style.flex = "1 1 30%";
  element.append(pane.element, legend, now, list.element);
  pane.element.addEventListener("pointerdown", (event) => {
    const box = pane.element.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    places.forEach((place, c) => {
      const cache = contents.caches[c], group = Math.floor((x - place.x) / ((sizeOf(cache) + 1) * place.cell));
      const index = group * place.columns.rows + Math.floor((y - place.y) / place.row);
      if (x >= place.x && y >= place.y && y < place.y + place.columns.rows * place.row
        && group < place.columns.count && index < cache.sets) chosen = [c, index];
    });
    view.changed();
  });
  return { element, contents, draw() {
    pane.draw();
    const [c, set] = current(), cache = contents.caches[c], of = sizeOf(cache);
    now.textContent = `${cache.name}, set ${set}: ` + (Array.from({ length: of }, (_, n) => set * of + n)
      .filter((n) => cache.state[n]).map((n) => `${hex(cache.address[n])}${cache.state[n] === 2 ? " M" : ""}`)
      .join("  ") || "empty");
    rows = history.get(`${c} ${set}`) ?? [];
    list.resize(rows.length);
    let at = rows.length - 1;
    while (at >= 0 && changes.cycle[rows[at]] >= view.cycle) at--;
    list.marks((n) => (n === at ? "now" : ""));
    if (at >= 0) list.show(at);
    list.draw();
  } };
}

/** Caches below each other; sets from top to bottom, in as many columns as fill the place. */
function layout(caches, width, height) {
  const share = (height - caches.length * GAP - 4) / caches.length;
  return caches.map((cache, n) => {
    const of = cache.ways * cache.sectors;
    let best = null;
    for (let count = 1; count <= cache.sets; count *= 2) {
      const rows = Math.ceil(cache.sets / count), row = share / rows;
      const cell = (width - 2 * LEFT) / (count * (of + 1));
      const size = Math.min(row, cell);
      if (!best || size > best.size) best = { size, columns: { rows, count }, row: Math.min(row, 14), cell: Math.min(cell, 14) };
    }
    return { ...best, x: LEFT, y: TOP + n * (share + GAP) };
  });
}
