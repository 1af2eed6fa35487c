/* SPDX-License-Identifier: Apache-2.0 */
/* Colours, patterns and the drawing of one band of the timeline.
 *
 * A column of pixels shows the shares of all cycles below it, stacked: what is
 * shorter than a pixel still counts.  The cost is a binary search a column,
 * whatever the number of spans. */

/* The patterns differ without colour: solid, hatched, dotted, lined, empty.
 * Each draws a tile of 6 by 6. */
const PATTERNS = [
  (c) => c.fillRect(0, 0, 6, 6),
  (c) => strokes(c, [-1, 1, 1, -1, 0, 6, 6, 0, 5, 7, 7, 5], 1.4),
  (c) => [[1, 1], [4, 4]].forEach(([x, y]) => c.fillRect(x, y, 2, 2)),
  (c) => strokes(c, [0, 1.5, 6, 1.5, 0, 4.5, 6, 4.5], 0.9),
  () => {}
];

function strokes(context, ends, width) {
  context.lineWidth = width;
  context.beginPath();
  for (let i = 0; i < ends.length; i += 4) {
    context.moveTo(ends[i], ends[i + 1]);
    context.lineTo(ends[i + 2], ends[i + 3]);
  }
  context.stroke();
}

/* Paper is light. */
function isDark() {
  return matchMedia("screen and (prefers-color-scheme: dark)").matches;
}

function colourOf(group) {
  return isDark() ? group.dark : group.light;
}

/* A tile of a group's pattern, `scale` device pixels for each of its own. */
function patternTile(group, scale) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(6 * scale);
  const context = tile.getContext("2d");
  context.scale(tile.width / 6, tile.height / 6);
  context.fillStyle = context.strokeStyle = colourOf(group);
  PATTERNS[group.id](context);
  return tile;
}

function swatch(group) {
  const element = document.createElement("span");
  element.className = "swatch";
  element.style.backgroundImage = `url(${patternTile(group, 2).toDataURL()})`;
  element.style.backgroundSize = "6px 6px";
  return element;
}

/* The page's colours by their names in the style sheet. */
function inkOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

/* What a canvas is drawn with, made again when its size or the page's colours
 * change. */
class Palette {
  constructor(context, groups, scale) {
    this.fills = groups.map((group) => {
      const fill = context.createPattern(patternTile(group, scale), "repeat");
      fill.setTransform(new DOMMatrix().scale(1 / scale));
      return fill;
    });
    for (const name of ["ink", "paper", "soft", "line", "shade", "mark",
                        "focus"])
      this[name] = inkOf(`--${name}`).trim();
  }
}

/* A linear map from cycles to pixels. */
class View {
  constructor(begin, end, left, width) {
    this.begin = begin;
    this.end = end;
    this.left = left;
    this.width = width;
  }
  x(cycle) {
    return this.left +
      ((cycle - this.begin) / (this.end - this.begin)) * this.width;
  }
  cycle(x) {
    return this.begin +
      ((x - this.left) / this.width) * (this.end - this.begin);
  }
}

/* ---- A unit's cycles ---------------------------------------------------- */

/* Calls solid(group, x0, x1) for spans that are wider than a pixel, and
 * column(x, shares) for the pixels in between, where shares add up to 1.  All
 * in whole pixels: blurred edges would take longer and say less. */
function visitSpans(view, spans, solid, column) {
  const { ends, groups } = spans;
  const total = ends.length ? ends[ends.length - 1] : 0;
  const right = Math.ceil(Math.min(view.left + view.width, view.x(total)));
  let x = view.left, cycle = Math.max(0, view.cycle(x)), i = spans.find(cycle);
  let before = new Float64Array(groups), after = new Float64Array(groups);
  const shares = new Float64Array(groups);
  let known = false; /* `before` is up to `cycle` */
  while (x < right && i < ends.length) {
    const end = view.x(ends[i]);
    if (end >= x + 1) {
      const stop = Math.round(Math.min(end, right));
      solid(spans.groupOf[spans.causes[i]], x, stop);
      x = stop;
      cycle = view.cycle(x);
      i = spans.find(cycle);
      known = false;
      continue;
    }
    if (!known) spans.sumBefore(cycle, i, before);
    const next = Math.min(view.cycle(x + 1), total);
    i = spans.find(next);
    spans.sumBefore(next, i, after);
    for (let g = 0; g < groups; g++)
      shares[g] = (after[g] - before[g]) / (next - cycle);
    column(x, shares);
    [before, after, known] = [after, before, true];
    x += 1;
    cycle = next;
  }
}

/* Draws the spans into the box [top, top + height), each group as one path: a
 * fill with a pattern costs the more the more often it is begun. */
function drawSpans(context, palette, view, spans, top, height) {
  const paths = palette.fills.map(() => new Path2D());
  visitSpans(view, spans,
    (group, x0, x1) => paths[group].rect(x0, top, x1 - x0, height),
    (x, shares) => {
      let sum = 0, bottom = top + height;
      shares.forEach((share, group) => {
        sum += share;
        const y = Math.round(top + height * (1 - sum));
        if (y < bottom) paths[group].rect(x, y, 1, bottom - y);
        bottom = Math.min(bottom, y);
      });
    });
  paths.forEach((path, group) => {
    context.fillStyle = palette.fills[group];
    context.fill(path);
  });
}

/* ---- A unit's instructions ---------------------------------------------- */

/* Calls draw(insn, x0, x1) for instructions of an ordered list that are wider
 * than three pixels, and blur(x0, x1), in whole pixels, for stretches of
 * smaller ones. */
function visitInsns(view, insns, order, draw, blur) {
  let i = firstInsn(insns, order, view.begin);
  let from = 0, to = 0; /* the stretch under way */
  while (i < order.length && insns.start[order[i]] < view.end) {
    const insn = order[i];
    const x0 = view.x(insns.start[insn]), x1 = view.x(insns.end[insn]);
    if (x1 - x0 >= 3) {
      draw(insn, x0, x1);
      i++;
      continue;
    }
    /* The next one that ends further right. */
    const next = firstInsn(insns, order, view.cycle(x0 + 2), i);
    const last = Math.max(next - 1, i);
    if (x0 > to + 1) {
      if (to > from) blur(from, to);
      from = Math.floor(x0);
    }
    to = Math.max(Math.ceil(view.x(insns.end[order[last]])), from + 1);
    i = last + 1;
  }
  if (to > from) blur(from, to);
}

/* The first of an ordered list, from `low` on, that ends behind a cycle. */
function firstInsn(insns, order, cycle, low = 0) {
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (insns.end[order[middle]] > cycle) high = middle;
    else low = middle + 1;
  }
  return low;
}

function drawInsns(context, palette, view, insns, order, box, label) {
  const frames = new Path2D();
  const texts = [];
  context.fillStyle = palette.line;
  visitInsns(view, insns, order, (insn, x0, x1) => {
    frames.rect(x0 + 0.5, box.top + 0.5, Math.max(x1 - x0 - 1, 1),
                box.height - 1);
    if (x1 - x0 > 50) texts.push([insn, x0, x1]);
  }, (x0, x1) => context.fillRect(x0, box.top, x1 - x0, box.height));
  context.strokeStyle = palette.soft;
  context.lineWidth = 1;
  context.stroke(frames);
  context.fillStyle = palette.ink;
  for (const [insn, x0, x1] of texts) {
    const from = Math.max(x0, view.left);
    context.fillText(label(insn), from + 4, box.top + box.height - 4,
                     Math.max(x1 - from - 8, 1));
  }
}

/* Bars over the instructions of a list that ascends in time. */
function markInsns(context, view, insns, list, box) {
  const bar = (x0, x1) =>
    context.fillRect(x0, box.top, Math.max(x1 - x0, 2), box.height);
  visitInsns(view, insns, list, (insn, x0, x1) => bar(x0, x1), bar);
}

/* ---- A memory's occupancy ----------------------------------------------- */

function drawLevels(context, palette, view, memory, cycles, top, height) {
  const n = memory.levels.length;
  const base = top + height;
  if (!n) return;
  context.beginPath();
  const place = (i) => view.x((cycles * i) / n);
  const low = Math.max(0, Math.floor((view.begin / cycles) * n) - 1);
  const high = Math.min(n, Math.ceil((view.end / cycles) * n) + 1);
  context.moveTo(place(low), base);
  for (let i = low; i < high; i++) {
    const y = base - Math.min(memory.levels[i] / memory.depth, 1) * height;
    context.lineTo(place(i), y);
    context.lineTo(place(i + 1), y);
  }
  context.lineTo(place(high), base);
  context.fillStyle = palette.shade;
  context.fill();
  context.strokeStyle = palette.ink;
  context.lineWidth = 1;
  context.stroke();
}
