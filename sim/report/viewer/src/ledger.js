// The register ledger: what each exit from the guest did to the registers. A row of the picture is an
// exit, a column a register; red: one side has what is the other's.

import { COLOUR, canvasPane } from "./draw.js";
import { hex, last } from "./data.js";

const SHADE = { KEPT: "#eef0f3", RESTORED: "#a8d5a9", GIVEN: "#9cc3ec", LEAKED: COLOUR.cursor, UNUSED: "#fff" };
const MEANING = { KEPT: "nobody has used it", RESTORED: "saved and restored", GIVEN: "a result for the guest",
  LEAKED: "leaked", UNUSED: "not its own now" };
const ROW = 9, LEFT = 74, TOP = 34;

/** The ledger by exits: {at(exit, moment, register), verdicts of both sides, cycles, leaks}. */
export function entries(ledger) {
  const { registers, guest, host, moments, verdicts } = ledger;
  const column = new Map(registers.map((name, n) => [name, n]));
  const count = ledger.cycle.length / moments.length;
  const cycle = (exit, moment) => ledger.cycle[exit * moments.length + moments.indexOf(moment)];
  const value = (exit, moment, name) =>
    ledger.value[(exit * moments.length + moments.indexOf(moment)) * registers.length + column.get(name)];
  const side = (names, list) => (exit, n) => verdicts[list[exit * names.length + n]];
  const verdict = { guest: side(guest, ledger.guest_verdict), host: side(host, ledger.host_verdict) };
  const leaks = Array.from({ length: count }, (_, exit) =>
    guest.filter((_, n) => verdict.guest(exit, n) === "LEAKED").length
    + host.filter((_, n) => verdict.host(exit, n) === "LEAKED").length);
  return { count, cycle, value, verdict, leaks,
    begin: Uint32Array.from(leaks.keys(), (exit) => cycle(exit, "LEFT")),
    changed: (exit, name) => ledger.changed[exit * registers.length + column.get(name)],
    saved: (exit, n) => ledger.saved[exit * guest.length + n],
    given: (exit, n) => ledger.given[exit * host.length + n] };
}

export function ledgerPane(data, view) {
  const { ledger } = data.session, { guest, host } = ledger, all = entries(ledger);
  const wide = (value, name) => name.startsWith("fpr") ? hex(value, 16) : hex(value, 8);
  const when = (cycle) => cycle ? `<button data-cycle="${cycle}">${cycle.toLocaleString("en")}</button>` : "";
  const now = () => Math.max(0, last(all.begin, view.cycle));
  let first = 0, side = 4;
  const picture = canvasPane("Register ledger: a row for each exit, a column for each register", (context, width, height) => {
    const columns = guest.length + 2 + host.length, rows = Math.max(1, Math.floor((height - TOP) / ROW)), here = now();
    side = (width - LEFT - 8) / columns;
    first = Math.max(0, Math.min(all.count - rows, here - (rows >> 1)));
    const x = (n) => LEFT + n * side, apart = guest.length + 2;
    context.fillStyle = COLOUR.ink;
    context.fillText("registers of the guest", x(0), 8);
    context.fillText("of the host", x(apart), 8);
    context.fillStyle = COLOUR.dim;
    context.font = "9px system-ui, DejaVu Sans, sans-serif";
    for (const [names, start] of [[guest, 0], [host, apart]])
      names.forEach((name, n) => {
        const [, group, number] = name.match(/^([a-z]+?)(\d+)?[ul]?$/);
        if (number === undefined ? false : number % 8 === 0 && !name.endsWith("l"))
          context.fillText(group === "gpr" ? `r${number}` : group === "fpr" ? `f${number}` : name.replace(/[ul]$/, ""), x(start + n), 24);
      });
    for (let row = 0; row < rows && first + row < all.count; row++) {
      const exit = first + row, y = TOP + row * ROW;
      context.fillStyle = exit === here ? COLOUR.cursor : COLOUR.dim;
      context.fillText(all.begin[exit].toLocaleString("en"), 6, y + ROW / 2);
      for (const [names, start, verdict] of [[guest, 0, all.verdict.guest], [host, apart, all.verdict.host]])
        for (let n = 0; n < names.length; n++) {
          context.fillStyle = SHADE[verdict(exit, n)];
          context.fillRect(x(start + n), y, Math.max(1, side - 0.7), ROW - 1.5);
        }
      if (exit === here) {
        context.strokeStyle = COLOUR.ink;
        context.strokeRect(LEFT - 2, y - 1, width - LEFT - 6, ROW);
      }
    }
  });
  const element = document.createElement("div"), legend = document.createElement("div"), text = document.createElement("div");
  element.className = "split";
  picture.element.style.cssText = "flex:none;width:100%;height:38%";
  picture.element.onpointerdown = (event) => {
    const exit = first + Math.floor((event.clientY - picture.element.getBoundingClientRect().top - TOP) / ROW);
    if (exit >= 0 && exit < all.count) view.go(all.begin[exit]);
  };
  legend.className = "legend";
  legend.style.padding = "2px 4px";
  legend.innerHTML = Object.entries(MEANING).map(([verdict, meaning]) =>
    `<i style="background:${SHADE[verdict]};border:1px solid ${COLOUR.line}"></i>${meaning}`).join("");
  text.className = "text scroll";
  text.tabIndex = 0;
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", "Registers of one exit");
  text.onclick = ({ target }) => { if (target.dataset.cycle) view.go(Number(target.dataset.cycle)); };
  element.append(picture.element, legend, text);
  const lines = (exit) => guest.map((name, n) => {
    const verdict = all.verdict.guest(exit, n);
    if (verdict === "KEPT" || verdict === "UNUSED") return "";
    return `<tr class="${verdict === "LEAKED" ? "bad" : ""}"><td>${name}</td><td>${wide(all.value(exit, "LEFT", name), name)}</td><td>${
      when(all.saved(exit, n))}</td><td>${when(all.changed(exit, name))}</td><td>${wide(all.value(exit, "ENTERED", name), name)}</td><td>${
      MEANING[verdict]}</td></tr>`;
  }).join("");
  const hostLines = (exit) => host.map((name, n) => {
    const verdict = all.verdict.host(exit, n);
    return `<tr class="${verdict === "LEAKED" ? "bad" : ""}"><td>${name}</td><td>${wide(all.given(exit, n), name)}</td><td>${
      wide(all.value(exit, "LEFT", name), name)}</td><td>${wide(all.value(exit, "OTHERS", name), name)}</td><td>${
      MEANING[verdict]}</td></tr>`;
  }).join("");
  let drawn = -1;
  return { element, all, draw() {
    picture.draw();
    const exit = now(), host = all.cycle(exit, "OTHERS");
    if (exit === drawn) return;
    drawn = exit;
    text.innerHTML = `<h2>Exit ${exit + 1} of ${all.count}: the guest is left in cycle ${when(all.begin[exit])} and in again in ${
      when(all.cycle(exit, "ENTERED"))}${all.leaks[exit] ? `, <span class="bad">${all.leaks[exit]} leaked</span>` : ""}</h2>
      <table><caption>Registers of the guest that have been used</caption><tr><th>register</th><th>as left</th><th>saved in cycle</th>
      <th>restored</th><th>as entered</th><th></th></tr>${lines(exit)}</table>${host
      ? `<h2>The host has the processor from cycle ${when(host)} on</h2><table><caption>Registers of the host</caption>
      <tr><th>register</th><th>as given away</th><th>in the guest</th><th>as it comes back</th><th></th></tr>${hostLines(exit)}</table>`
      : "<p>MOL has served the guest by itself: the host has not been asked.</p>"}`;
  } };
}
