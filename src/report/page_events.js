/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the page's events (report/page.h) into arrays of numbers.
 *
 * Spans, instructions and tokens are columns; an instruction is the number by
 * which all runs count it.  Decoding is one pass over the bytes. */

/* A column of numbers that grows. */
class Column {
  constructor(Type) {
    this.values = new Type(1024);
    this.length = 0;
  }
  push(value) {
    if (this.length === this.values.length) {
      const bigger = new this.values.constructor(2 * this.length);
      bigger.set(this.values);
      this.values = bigger;
    }
    this.values[this.length++] = value;
  }
  cut() {
    return this.values.subarray(0, this.length);
  }
}

function bytesOfBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  /* Numbers of more than 31 bits have no bitwise operators. */
  number() {
    let value = 0, scale = 1, byte;
    do {
      byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte & 0x80);
    return value;
  }
  difference() {
    const zigzag = this.number();
    return zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
  }
}

/* A unit's spans: span i ends in ends[i] and begins where i - 1 ended.  Sums
 * by group up to every BLOCK-th span make any stretch of time cheap. */
const BLOCK = 64;

class Spans {
  constructor() {
    this.ends = new Column(Float64Array);
    this.causes = new Column(Uint8Array);
    this.end = 0;
  }
  add(cause, length) {
    this.end += length;
    this.ends.push(this.end);
    this.causes.push(cause);
  }
  finish(groupOf, groups) {
    this.ends = this.ends.cut();
    this.causes = this.causes.cut();
    this.groups = groups;
    this.groupOf = groupOf;
    const blocks = Math.ceil(this.ends.length / BLOCK) + 1;
    this.sums = new Float64Array(blocks * groups);
    const sum = new Float64Array(groups);
    for (let i = 0, begin = 0; i < this.ends.length; i++) {
      if (i % BLOCK === 0) this.sums.set(sum, (i / BLOCK) * groups);
      sum[groupOf[this.causes[i]]] += this.ends[i] - begin;
      begin = this.ends[i];
    }
  }
  begin(i) {
    return i ? this.ends[i - 1] : 0;
  }
  /* The span that covers a cycle, or the number of spans. */
  find(cycle) {
    return firstAbove(this.ends, cycle);
  }
  /* Cycles of every group before `cycle`, which span i covers. */
  sumBefore(cycle, i, ret) {
    const first = i - (i % BLOCK);
    const row = (first / BLOCK) * this.groups;
    for (let g = 0; g < this.groups; g++) ret[g] = this.sums[row + g] || 0;
    let begin = this.begin(first);
    for (let k = first; k < i; k++) {
      ret[this.groupOf[this.causes[k]]] += this.ends[k] - begin;
      begin = this.ends[k];
    }
    if (i < this.ends.length)
      ret[this.groupOf[this.causes[i]]] += cycle - begin;
  }
  /* Cycles by cause in [from, to). */
  causesBetween(from, to, causes) {
    const sums = new Array(causes).fill(0);
    for (let i = this.find(from); i < this.ends.length; i++) {
      const begin = Math.max(this.begin(i), from);
      if (begin >= to) break;
      sums[this.causes[i]] += Math.min(this.ends[i], to) - begin;
    }
    return sums;
  }
}

/* The index of the first value above x in ascending values. */
function firstAbove(values, x) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* Columns by instruction; `unit` is 255 for one that did not end. */
class Insns {
  constructor() {
    this.count = 0;
    this.words = [];       /* of each run: bytes, first number */
    this.grow(1024);
  }
  grow(capacity) {
    const columns = {
      unit: Uint8Array, line: Uint32Array,
      visible: Float64Array, start: Float64Array, end: Float64Array
    };
    for (const name of Object.keys(columns)) {
      const column = new columns[name](capacity);
      if (name === "unit") column.fill(255);
      if (this[name]) column.set(this[name]);
      this[name] = column;
    }
  }
  addRun(bytes) {
    this.words.push({ bytes, first: this.count });
    this.count += bytes.length / 16;
    if (this.count > this.unit.length)
      this.grow(Math.max(this.count, 2 * this.unit.length));
  }
  run(insn) {
    let run = this.words.length - 1;
    while (this.words[run].first > insn) run--;
    return run;
  }
}

function decodeEvents(text, tables) {
  const reader = new Reader(bytesOfBase64(text));
  const units = tables.units.map(() => new Spans());
  const order = tables.units.map(() => new Column(Uint32Array));
  const insns = new Insns();
  const posts = tables.tokens.map(() => []);
  const takes = tables.tokens.map(() => []);
  const ends = tables.units.map(() => 0);
  const causes = tables.causes.length;
  let tokenAt = 0;
  function readInsn(unit) {
    const i = reader.number();
    const start = ends[unit] + reader.difference();
    insns.unit[i] = unit;
    insns.start[i] = start;
    insns.visible[i] = start - reader.difference();
    insns.end[i] = ends[unit] = start + reader.number();
    insns.line[i] = reader.number();
    order[unit].push(i);
  }
  function readToken(list) {
    const insn = reader.number();
    tokenAt += reader.difference();
    list.push({ insn, cycle: tokenAt });
  }
  while (reader.at < reader.bytes.length) {
    const tag = reader.bytes[reader.at++];
    if (tag < 0x80) {
      units[Math.floor(tag / causes)].add(tag % causes, reader.number());
    } else if (tag < 0x90) readInsn(tag & 15);
    else if (tag < 0xa0) readToken(posts[tag & 15]);
    else if (tag < 0xb0) readToken(takes[tag & 15]);
    else {
      const size = 16 * reader.number();
      insns.addRun(reader.bytes.subarray(reader.at, reader.at + size));
      reader.at += size;
    }
  }
  const groupOf = tables.causes.map((cause) => cause.group);
  for (const spans of units) spans.finish(groupOf, tables.groups.length);
  return {
    units, insns,
    order: order.map((column) => column.cut()),
    tokens: pairTokens(posts, takes)
  };
}

/* The n-th token posted to a queue is the n-th taken from it.  Those that were
 * there before all runs come first; they are taken, but posted by nobody. */
function pairTokens(posts, takes) {
  const tokens = [];
  for (let queue = 0; queue < posts.length; queue++) {
    const before = Math.max(0, takes[queue].length - posts[queue].length);
    posts[queue].forEach((post, i) => {
      const take = takes[queue][i + before];
      if (take)
        tokens.push({ queue, from: post.insn, to: take.insn,
                      posted: post.cycle, taken: take.cycle });
    });
  }
  return tokens.sort((a, b) => a.posted - b.posted);
}

/* ---- The text of instructions ------------------------------------------- */

/* As `vtac disasm` prints it; all names come from the tables. */
function insnText(insns, insn, opcodes) {
  const { bytes, first } = insns.words[insns.run(insn)];
  const at = 16 * (insn - first);
  let word = 0n;
  for (let i = 15; i >= 0; i--) word = (word << 8n) | BigInt(bytes[at + i]);
  const opcode = opcodes[Number(word & 7n)];
  const value = ([, position, width]) =>
    Number((word >> BigInt(position)) & ((1n << BigInt(width)) - 1n));
  if (!opcode.name) return ".word";
  let kind = opcode.kind >= 0 ? value(opcode.fields[opcode.kind]) : 0;
  kind = opcode.kind >= 0 ? opcode.kinds[kind] : "";
  let text = kind ? `${opcode.name}.${kind}` : opcode.name;
  opcode.fields.forEach((field, i) => {
    const [name, , width, signed] = field;
    const bits = value(field);
    if (!i || !bits || (kind && i === opcode.kind)) return;
    if (width === 1) text += ` ${name}`;
    else if (width >= 32) text += ` ${name}=0x${bits.toString(16)}`;
    else if (signed && bits >= 2 ** (width - 1))
      text += ` ${name}=-${2 ** width - bits}`;
    else text += ` ${name}=${bits}`;
  });
  return text;
}
