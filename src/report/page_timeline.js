/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline: a canvas with a band for each unit and each memory, the tokens
 * between the units, and the ways to move in it. */

const LEFT = 104, RIGHT = 12, AXIS = 26, BAND = 56, INSN = 17, GAP = 8,
  LEVEL = 34;
const MOST_TOKENS = 600; /* arrows that can still be told apart */

class Timeline {
  /* `owner` is told of selections: selectInsn(insn), goToLine(). */
  constructor(canvas, events, tables, owner) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.events = events;
    this.tables = tables;
    this.owner = owner;
    this.begin = 0;
    this.end = Math.max(tables.cycles, 1);
    this.selected = -1;
    this.marked = tables.units.map(() => []);
    this.pending = false;
    this.listen();
    this.resize();
  }

  /* ---- Geometry ---- */

  bandTop(unit) { return AXIS + unit * (BAND + GAP); }
  levelTop(memory) {
    return this.bandTop(this.tables.units.length) + memory * (LEVEL + GAP);
  }
  get height() { return this.levelTop(this.tables.memories.length) + 4; }
  get view() {
    return new View(this.begin, this.end, LEFT,
                    this.canvas.clientWidth - LEFT - RIGHT);
  }

  resize() {
    const scale = devicePixelRatio || 1;
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(this.canvas.clientWidth * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.scale = scale;
    this.palette = new Palette(this.context, this.tables.groups, scale);
    this.draw();
  }

  /* ---- Moving ---- */

  show(begin, end) {
    const all = Math.max(this.tables.cycles, 1);
    let width = Math.min(Math.max(end - begin, Math.min(16, all)), all);
    begin = Math.min(Math.max(begin + (end - begin - width) / 2, 0),
                     all - width);
    this.begin = begin;
    this.end = begin + width;
    this.draw();
  }
  zoom(factor, at = (this.begin + this.end) / 2) {
    this.show(at - (at - this.begin) * factor, at + (this.end - at) * factor);
  }
  move(share) {
    const by = share * (this.end - this.begin);
    this.show(this.begin + by, this.end + by);
  }
  showFrom(begin) { this.show(begin, begin + this.end - this.begin); }
  all() { this.show(0, this.tables.cycles); }
  zoomTo(insn) {
    const { start, end } = this.events.insns;
    const margin = Math.max(end[insn] - start[insn], 8);
    this.show(start[insn] - margin, end[insn] + margin);
  }
  /* Moves only as far as needed to see an instruction. */
  reveal(insn) {
    const { start, end } = this.events.insns;
    if (end[insn] > this.begin && start[insn] < this.end) return this.draw();
    const width = this.end - this.begin;
    const middle = (start[insn] + end[insn]) / 2;
    this.show(middle - width / 2, middle + width / 2);
  }

  /* ---- Choosing ---- */

  select(insn) {
    this.selected = insn;
    if (insn >= 0) this.reveal(insn);
    else this.draw();
  }
  /* `list` is one of instructions in any order. */
  mark(list) {
    const { insns } = this.events;
    this.marked = this.tables.units.map((_, unit) =>
      list.filter((insn) => insns.unit[insn] === unit)
        .sort((a, b) => insns.start[a] - insns.start[b]));
    this.draw();
  }
  /* The instruction of a unit at a cycle, or the next one; -1 without. */
  insnAt(unit, cycle) {
    const order = this.events.order[unit];
    if (!order || !order.length) return -1;
    const i = firstInsn(this.events.insns, order, cycle);
    return order[Math.min(i, order.length - 1)];
  }
  step(by) {
    const { insns, order } = this.events;
    const list = order[insns.unit[this.selected]];
    const at = firstInsn(insns, list, insns.end[this.selected] - 0.5) + by;
    if (at < 0 || at >= list.length) return false;
    this.owner.selectInsn(list[at]);
    return true;
  }
  otherUnit(by) {
    const { insns } = this.events;
    let unit = insns.unit[this.selected] + by;
    const middle =
      (insns.start[this.selected] + insns.end[this.selected]) / 2;
    for (; unit >= 0 && unit < this.tables.units.length; unit += by) {
      const insn = this.insnAt(unit, middle);
      if (insn >= 0) return this.owner.selectInsn(insn);
    }
  }
  unitAt(y) {
    const unit = Math.floor((y - AXIS) / (BAND + GAP));
    return unit >= 0 && unit < this.tables.units.length ? unit : -1;
  }

  /* ---- Keyboard and mouse ---- */

  listen() {
    const canvas = this.canvas;
    let pressed = null;
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const sideways = event.shiftKey || Math.abs(event.deltaX) >
        Math.abs(event.deltaY);
      if (sideways) this.move((event.deltaX || event.deltaY) / 1000);
      else this.zoom(Math.exp(event.deltaY / 300),
                     this.view.cycle(event.offsetX));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      pressed = { x: event.offsetX, begin: this.begin, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!pressed) return;
      const by = event.offsetX - pressed.x;
      if (Math.abs(by) > 3) pressed.moved = true;
      if (!pressed.moved) return;
      const width = this.end - this.begin;
      const begin = pressed.begin - (by / this.view.width) * width;
      this.show(begin, begin + width);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (pressed && !pressed.moved) this.click(event.offsetX, event.offsetY);
      pressed = null;
    });
    addEventListener("resize", () => this.resize());
    for (const query of ["(prefers-color-scheme: dark)", "print"])
      matchMedia(query).addEventListener("change", () => {
        this.resize();
        this.drawNow(); /* a printer does not wait for a frame */
      });
  }
  click(x, y) {
    const unit = this.unitAt(y);
    const insn = unit < 0 ? -1 : this.insnAt(unit, this.view.cycle(x));
    if (insn >= 0) this.owner.selectInsn(insn);
  }
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const chosen = this.selected >= 0;
    const actions = {
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5),
      "-": () => this.zoom(2), "0": () => this.all(),
      "ArrowLeft": () => this.move(-0.2), "ArrowRight": () => this.move(0.2),
      "Home": () => this.showFrom(0),
      "End": () => this.showFrom(this.tables.cycles),
      "Escape": () => this.owner.selectInsn(-1),
      "z": () => chosen && this.zoomTo(this.selected),
      "ArrowUp": () => chosen && this.otherUnit(-1),
      "ArrowDown": () => chosen && this.otherUnit(1),
      "Enter": () => (chosen ? this.owner.goToLine() : this.selectMiddle())
    };
    /* Tab walks the events while one is selected, and leaves at the ends. */
    if (event.key === "Tab") {
      if (chosen && this.step(event.shiftKey ? -1 : 1)) event.preventDefault();
      return;
    }
    const action = actions[event.key] || actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  }
  selectMiddle() {
    const middle = (this.begin + this.end) / 2;
    let best = -1, distance = Infinity;
    const { insns } = this.events;
    this.tables.units.forEach((_, unit) => {
      const insn = this.insnAt(unit, middle);
      const away = insn < 0 ? Infinity : Math.abs(insns.start[insn] - middle);
      if (away < distance) [best, distance] = [insn, away];
    });
    if (best >= 0) this.owner.selectInsn(best);
  }

  /* ---- Drawing ---- */

  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.drawNow();
    });
  }
  drawNow() {
    const { context, palette, tables } = this;
    const view = this.view;
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.fillStyle = palette.paper;
    context.fillRect(0, 0, this.canvas.clientWidth, this.height);
    context.font = "11px sans-serif";
    this.drawAxis(view);
    context.save();
    context.beginPath();
    context.rect(view.left, AXIS, view.width, this.height);
    context.clip();
    tables.units.forEach((_, unit) => this.drawUnit(view, unit));
    tables.memories.forEach((memory, i) =>
      drawLevels(context, palette, view, memory, tables.cycles,
                 this.levelTop(i), LEVEL));
    this.drawTokens(view);
    this.drawSelected(view);
    context.restore();
    this.drawNames();
    this.tell();
    this.canvas.dataset.begin = this.begin;
    this.canvas.dataset.end = this.end;
    this.canvas.dataset.draws = Number(this.canvas.dataset.draws || 0) + 1;
  }
  drawAxis(view) {
    const { context, palette } = this;
    const step = niceStep((this.end - this.begin) / (view.width / 110));
    context.textAlign = "center";
    for (let at = Math.ceil(this.begin / step) * step; at <= this.end;
         at += step) {
      const x = Math.round(view.x(at)) + 0.5;
      context.fillStyle = palette.soft;
      context.fillText(at.toLocaleString("en"), x, 12);
      context.fillStyle = palette.line;
      context.fillRect(x - 0.5, 17, 1, this.height);
    }
    context.textAlign = "start";
  }
  drawUnit(view, unit) {
    const { context, palette, events } = this;
    const top = this.bandTop(unit), order = events.order[unit];
    const spansTop = order.length ? top + INSN : top;
    context.fillStyle = palette.paper;
    context.fillRect(view.left, spansTop, view.width, top + BAND - spansTop);
    drawSpans(context, palette, view, events.units[unit], spansTop,
              top + BAND - spansTop);
    if (!order.length) return;
    const box = { top, height: INSN };
    context.fillStyle = palette.paper;
    context.fillRect(view.left, top, view.width, INSN);
    if (this.marked[unit].length) {
      context.fillStyle = palette.mark;
      markInsns(context, view, events.insns, this.marked[unit], box);
      context.fillStyle = palette.ink;
      markInsns(context, view, events.insns, this.marked[unit],
                { top: top + BAND + 1, height: 4 });
    }
    drawInsns(context, palette, view, events.insns, order, box,
              (insn) => this.owner.mnemonic(insn));
  }
  drawNames() {
    const { context, palette, tables } = this;
    context.fillStyle = palette.ink;
    tables.units.forEach(({ name }, unit) =>
      context.fillText(name, 8, this.bandTop(unit) + BAND / 2 + 4));
    tables.memories.forEach((memory, i) => {
      const top = this.levelTop(i);
      context.fillText(`${memory.name} in use`, 8, top + 14);
      context.fillStyle = palette.soft;
      context.fillText(`of ${memory.depth.toLocaleString("en")}`, 8, top + 28);
      context.fillStyle = palette.ink;
    });
    context.strokeStyle = palette.line;
    context.lineWidth = 1;
    const width = this.view.width;
    tables.units.forEach((_, unit) =>
      context.strokeRect(LEFT + 0.5, this.bandTop(unit) + 0.5, width, BAND));
    tables.memories.forEach((_, i) =>
      context.strokeRect(LEFT + 0.5, this.levelTop(i) + 0.5, width, LEVEL));
  }

  /* ---- Tokens ---- */

  drawTokens(view) {
    const { tokens } = this.events;
    const width = this.end - this.begin;
    const first = lowerToken(tokens, this.begin - width);
    const last = lowerToken(tokens, this.end);
    const { context, palette } = this;
    context.lineWidth = 1;
    if (last - first <= MOST_TOKENS)
      for (let i = first; i < last; i++)
        this.drawToken(view, tokens[i], palette.soft);
    if (this.selected < 0) return;
    context.lineWidth = 2;
    for (const token of this.owner.tokensOf(this.selected))
      this.drawToken(view, token, palette.focus);
  }
  drawToken(view, token, colour) {
    const queue = this.tables.tokens[token.queue];
    const { context } = this;
    const down = queue.to > queue.from;
    const x0 = view.x(token.posted), x1 = view.x(token.taken);
    const y0 = this.bandTop(queue.from) + (down ? BAND : 0);
    const y1 = this.bandTop(queue.to) + (down ? 0 : BAND);
    if (x1 < view.left || x0 > view.left + view.width) return;
    context.strokeStyle = context.fillStyle = colour;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
    const angle = Math.atan2(y1 - y0, x1 - x0);
    context.beginPath();
    context.moveTo(x1, y1);
    for (const turn of [-0.4, 0.4])
      context.lineTo(x1 - 7 * Math.cos(angle + turn),
                     y1 - 7 * Math.sin(angle + turn));
    context.fill();
  }
  drawSelected(view) {
    if (this.selected < 0) return;
    const { insns } = this.events, { context, palette } = this;
    const top = this.bandTop(insns.unit[this.selected]);
    const x0 = view.x(insns.start[this.selected]);
    const x1 = Math.max(view.x(insns.end[this.selected]), x0 + 3);
    context.strokeStyle = palette.focus;
    context.lineWidth = 3;
    context.strokeRect(x0, top + 1, x1 - x0, BAND - 2);
  }

  /* What a screen reader says of the canvas. */
  tell() {
    const show = (cycle) => Math.round(cycle).toLocaleString("en");
    const range = `Cycles ${show(this.begin)} to ${show(this.end)}`;
    this.owner.setRange(range);
    const text = this.selected < 0 ? "nothing is selected" :
      this.owner.describe(this.selected);
    this.canvas.setAttribute("aria-label", `${range}; ${text}`);
  }
}

/* 1, 2 or 5 times a power of ten, at least 1. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const steps = Math.max(least, 1) / power;
  return power * (steps > 5 ? 10 : steps > 2 ? 5 : steps > 1 ? 2 : 1);
}

function lowerToken(tokens, cycle) {
  let low = 0, high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle].posted >= cycle) high = middle;
    else low = middle + 1;
  }
  return low;
}
