// The data of a report: unpacked, and with the state of everything at a cycle.

async function unpack(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()),
    (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

const ARRAYS = { Uint8: Uint8Array, Int8: Int8Array, Uint16: Uint16Array, Uint32: Uint32Array,
  Int32: Int32Array, BigUint64: BigUint64Array, Float64: Float64Array };

/** Replace each {at, n, t} by a view of the block. */
function arrays(value, block) {
  if (Array.isArray(value)) return value.map((item) => arrays(item, block));
  if (value === null || typeof value !== "object") return value;
  if ("at" in value && "t" in value) return new ARRAYS[value.t](block, value.at, value.n);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, arrays(item, block)]));
}

/** Index of the last element that is at most `value`, or -1. */
export function last(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1; else high = middle;
  }
  return low - 1;
}

export const hex = (value, digits = 8) => value.toString(16).padStart(digits, "0");

export async function load() {
  const [text, block] = await Promise.all([unpack("data"), unpack("block")]);
  return new Data(arrays(JSON.parse(new TextDecoder().decode(text)), block));
}

class Data {
  constructor(document) {
    Object.assign(this, document);
    this.end = this.start + this.count - 1;
    this.signal = new Map(this.signals.map((signal) => [signal.path, signal]));
    this.index = this.indexWords();
    this.indexTlb();
  }

  /** Value of a signal at a cycle; a number, or a BigInt if it is wider than 32 bits. */
  value(path, cycle) {
    const signal = this.signal.get(path);
    return signal && signal.values[last(signal.cycles, cycle - this.start)];
  }

  /** The number of the world that owns the processor at a cycle; 0 without a hypervisor. */
  world(cycle) {
    return this.worlds ? this.worlds.values[last(this.worlds.cycles, cycle - this.start)] : 0;
  }

  text(path, cycle) {
    const signal = this.signal.get(path);
    return this.format(signal, this.value(path, cycle));
  }

  format(signal, value) {
    return signal.enum ? signal.enum[value] ?? `?${value}`
      : signal.width === 1 ? String(value) : hex(value, Math.ceil(signal.width / 4));
  }

  indexWords() {
    const { base, size, changes } = this.table;
    const lists = new Map();
    for (let i = 0; i < changes.address.length; i++) {
      const word = (changes.address[i] - base) / 4;
      if (!lists.has(word)) lists.set(word, []);
      lists.get(word).push(i);
    }
    return lists;
  }

  /** A word of the page table at a cycle. */
  word(number, cycle) {
    const list = this.index.get(number), { changes, before } = this.table;
    if (list) for (let i = list.length - 1; i >= 0; i--)
      if (changes.cycle[list[i]] < cycle) return changes.value[list[i]];
    return before[number] ?? 0;
  }

  indexTlb() {
    const { changes, sets } = this.tlb;
    this.tlbLists = new Map();      // of "side set way"
    const add = (key, i) => {
      if (!this.tlbLists.has(key)) this.tlbLists.set(key, []);
      this.tlbLists.get(key).push(i);
    };
    for (let i = 0; i < changes.cycle.length; i++) {
      const set = (changes.ea[i] >>> 12) % sets;
      if (changes.way[i] >= 0) add(`${changes.side[i]} ${set} ${changes.way[i]}`, i);
      else for (const side of [0, 1])
        for (let way = 0; way < this.tlb.ways; way++) add(`${side} ${set} ${way}`, i);
    }
    this.tlbBefore = new Map(this.tlb.before.map((entry) => [entry.slice(0, 3).join(" "), entry]));
  }

  /** A TLB entry at a cycle, or null if it is not valid. */
  tlbEntry(side, set, way, cycle) {
    const key = `${side} ${set} ${way}`, list = this.tlbLists.get(key) ?? [], { changes } = this.tlb;
    for (let i = list.length - 1; i >= 0; i--) {
      const at = list[i];
      if (changes.cycle[at] >= cycle) continue;
      if (changes.way[at] < 0) return null;
      const entry = changes.entry[at];
      return { vsid: Number(entry >> 27n), ea: changes.ea[at] & 0x0ffff000,
        pa: Number((entry >> 7n) & 0xfffffn) * 4096, low: Number(entry & 127n),
        since: changes.cycle[at] };
    }
    const entry = this.tlbBefore.get(key);
    return entry ? { vsid: entry[3], ea: entry[4], pa: entry[5], low: entry[6], since: 0 } : null;
  }

  eventText(i) {
    const e = this.events, kind = this.enums.event[e.kind[i]];
    const cause = { EXCEPTION: this.enums.vector, WALK: this.enums.outcome,
      TLB_MISS: this.enums.kind, BUS_ERROR: this.enums.kind }[kind]?.[e.cause[i]];
    const more = { EXCEPTION: `${cause} ea ${hex(e.ea[i])}`, RETURN: `to ${hex(e.ea[i])}`,
      TLB_MISS: `${cause} ${hex(e.ea[i])}`,
      WALK: `${cause} ${hex(e.ea[i])} PTE ${hex(e.pa[i])}, ${e.value[i]} examined`,
      PTE_UPDATE: `${this.enums.bits[e.cause[i]]} of PTE ${hex(e.pa[i])}`, TLBIE: hex(e.ea[i]),
      MODE: `MSR ${hex(e.value[i])}`, BUS_ERROR: `${cause} ${hex(e.pa[i])}` }[kind]
      ?? `${hex(e.pa[i])} = ${hex(e.value[i])}`;
    const pc = e.pc[i], name = this.events.symbols[`${e.world[i]} ${pc}`];
    return `${kind.padEnd(13)} ${more}  pc ${hex(pc)}${name ? ` <${name}>` : ""}`;
  }
}
