// The component graph, laid out by ELK; nodes show the values of their signals at the cursor.

import ELK from "elkjs/lib/elk.bundled.js";
import { COLOUR, canvasPane } from "./draw.js";

const CHOICE = ["state", "op", "pc", "count", "held.op", "exception__vector", "bus__tt", "fetch__pa"];

export function graphPane(data, view) {
  const inside = new Map();
  for (const node of data.graph.nodes) {
    if (!inside.has(node.parent)) inside.set(node.parent, []);
    inside.get(node.parent).push(node);
  }
  const shown = new Map(data.graph.nodes.map((node) => [node.id, signalOf(data, node.id)]));
  const build = (node) => {
    const children = (inside.get(node.id) ?? []).map(build), name = node.id.split(".").at(-1);
    return { id: node.id, name, kind: node.kind, children,
      ...(children.length ? { layoutOptions: { "elk.padding": "[top=26,left=10,bottom=10,right=10]" } }
        : { width: Math.max(78, name.length * 7 + 14), height: shown.get(node.id) ? 36 : 24 }) };
  };
  let layout = null, failed = null, zoom = null, offset = [0, 0];
  new ELK().layout({ id: "root", children: (inside.get(null) ?? []).map(build),
    layoutOptions: { "elk.algorithm": "layered", "elk.direction": "DOWN",
      "elk.hierarchyHandling": "INCLUDE_CHILDREN", "elk.edgeRouting": "ORTHOGONAL",
      "elk.layered.spacing.nodeNodeBetweenLayers": "14", "elk.spacing.nodeNode": "9",
      "elk.layered.spacing.edgeNodeBetweenLayers": "6", "elk.spacing.edgeNode": "5",
      "elk.layered.spacing.edgeEdgeBetweenLayers": "4", "elk.spacing.edgeEdge": "4",
      "elk.json.edgeCoords": "ROOT" },
    edges: data.graph.edges.map(([source, target], n) => ({ id: `e${n}`, sources: [source],
      targets: [target] })) })
    .then((result) => { layout = result; view.changed(); }, (error) => { failed = error; throw error; });
  const pane = canvasPane("Component graph with values at the cursor", (context, width, height) => {
    if (!layout) { context.fillText(failed ? String(failed) : "laying out…", 20, 20); return; }
    const fit = Math.min((width - 20) / layout.width, (height - 20) / layout.height);
    const scale = (zoom ?? 1) * fit;
    context.translate(10 + offset[0], 10 + offset[1]);
    context.scale(scale, scale);
    context.lineWidth = 1;
    const edges = [], box = (node, x, y, depth) => {
      const left = x + (node.x ?? 0), top = y + (node.y ?? 0);
      if (depth >= 0) {
        context.fillStyle = ["#fafbfc", "#f0f4f8", "#e4ecf4", "#fff"][Math.min(depth, 3)];
        context.strokeStyle = "#8b98a7";
        context.fillRect(left, top, node.width, node.height);
        context.strokeRect(left, top, node.width, node.height);
        context.fillStyle = COLOUR.ink;
        context.font = "11px system-ui, DejaVu Sans, sans-serif";
        context.fillText(node.name, left + 7, top + 12);
        const signal = shown.get(node.id);
        if (signal && !node.children?.length) {
          context.fillStyle = COLOUR.cursor;
          context.font = '9.5px "DejaVu Sans Mono", monospace';
          context.fillText(data.text(signal, view.cycle), left + 7, top + 26, node.width - 12);
        }
      }
      node.children?.forEach((child) => box(child, left, top, depth + 1));
      node.edges?.forEach((edge) => edges.push(edge));
    };
    box(layout, 0, 0, -1);
    context.strokeStyle = "#4c7fb6";
    for (const edge of edges) for (const section of edge.sections ?? []) {
      context.beginPath();
      context.moveTo(section.startPoint.x, section.startPoint.y);
      (section.bendPoints ?? []).forEach((point) => context.lineTo(point.x, point.y));
      context.lineTo(section.endPoint.x, section.endPoint.y);
      context.stroke();
    }
  });
  pane.element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const before = zoom ?? 1, after = Math.min(12, Math.max(1, before * (event.deltaY < 0 ? 1.2 : 1 / 1.2)));
    const box = pane.element.getBoundingClientRect();
    offset = [event.clientX - box.left - 10, event.clientY - box.top - 10].map(
      (place, n) => place - (place - offset[n]) * after / before);
    zoom = after;
    if (zoom === 1) offset = [0, 0];
    view.changed();
  }, { passive: false });
  pane.element.addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    offset = [offset[0] + event.movementX, offset[1] + event.movementY];
    view.changed();
  });
  return pane;
}

/** The signal that tells most of a component, if one is recorded. */
function signalOf(data, id) {
  const path = id.replace(/^processor\./, "");
  return CHOICE.map((name) => `${path}.${name}`).find((name) => data.signal.has(name));
}
