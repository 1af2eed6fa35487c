/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing tiles by counting what they cost.
 *
 * A tile is a part of the output whose sums stay in the accumulators while the
 * reduction runs.  Candidates are all tiles of distinct numbers of parts (for
 * n steps those of ceil(n / k)), which operand, if any, is kept on the chip
 * while the loops over other tiles run, and no threads or two of them over
 * channels or rows.  Of those that fit the memories:
 *
 *   bytes   = activations + weights + results + micro-ops that are moved;
 *             what is kept is moved once for each thread, padding never
 *   work    = matrix and arithmetic micro-ops, each a cycle, the loads of
 *             micro-ops, and what it takes to start the steps
 *   cycles  = bytes / 8 + work                            without threads
 *           = max(loads / 8, work) + what nothing hides   with two
 *
 * Nothing hides the first loads, the last store, and most of a load of what is
 * kept: both threads' loads of it come one after the other, as the load unit
 * works in order, so only one of them runs beside the other thread's last
 * tile.  Where the tiles are no multiple of the threads, the empty tile loads
 * its data all the same.  Both were learnt from the timing simulator.
 *
 * The choice has the fewest cycles among those whose bytes are at most a
 * quarter above the least; fewer bytes break ties, then the order of the
 * search.  Bytes come first because they cost energy on every machine, while
 * cycles depend on the board; two threads hide transfers behind work.
 *
 * Widths are tried from the full one downwards, and narrower ones only where
 * none fits: whole rows make the fewest and longest transfers.  Cost: a few
 * thousand candidates for a layer of a network, well below a millisecond. */
#include "ops/tiling.h"

#include "compile/context.h"

enum {
  BYTES_PER_CYCLE = 8,
  STEP_CYCLES = 30, /* to start a step of the reduction: about a latency */
  SLACK = 4,        /* bytes may be least + least / SLACK */
  UOP_BYTES = 4,
  MOST_PAD = 15,        /* an instruction pads so much on each side */
  MOST_ELEMENTS = 65535 /* and moves so many elements in a row */
};

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }

/* Walks the candidates for a tile of n steps downwards, one for each number of
 * parts; `fixed` alone if that is not 0.  0 is the end. */
static int64_t first_tile(int64_t n, int64_t fixed) {
  return fixed ? fixed : n;
}

static int64_t next_tile(int64_t n, int64_t fixed, int64_t tile) {
  if (fixed || tile <= 1) return 0;
  return min_of(tile - 1, ceil_div(n, ceil_div(n, tile) + 1));
}

static int64_t window_of(const Span *span, int64_t tile) {
  return (tile - 1) * span->stride + span->window;
}

/* The larger padding of both ends. */
static int64_t pad_of(const Span *span) {
  int64_t last = (span->out - 1) * span->stride + span->window;
  return max_of(span->before, last - span->before - span->in);
}

/* Does an instruction's padding suffice for any tile of this size?  Where the
 * other dimension has nothing but padding, all of this one is padding, too. */
static bool pad_fits(const Span *span, int64_t tile, const Span *other,
                     int64_t other_tile) {
  bool empty = window_of(other, other_tile) <= pad_of(other);
  return (pad_of(span) <= MOST_PAD && !empty) ||
         window_of(span, tile) <= MOST_PAD;
}

static bool pads_fit(const Span *y, int64_t tile_y, const Span *x,
                     int64_t tile_x) {
  return pad_fits(y, tile_y, x, tile_x) && pad_fits(x, tile_x, y, tile_y);
}

/* Input steps that all tiles together read, without padding. */
static int64_t steps_read(const Span *span, int64_t tile) {
  int64_t sum = 0;
  for (int64_t start = 0; start < span->out; start += tile) {
    int64_t low = start * span->stride - span->before;
    int64_t size = min_of(tile, span->out - start);
    int64_t end = min_of(low + window_of(span, size), span->in);
    sum += max_of(end - max_of(low, 0), 0);
  }
  return sum;
}

/* ---- Reductions --------------------------------------------------------- */

typedef struct Search {
  const HwConfig *hw;
  const Layer *layer;
  Tiling fixed;          /* what the user has said; 0: to be chosen */
  bool found;            /* some tiling fits */
  bool parts;            /* windows are reduced in parts: nothing is kept */
  int64_t least;         /* bytes */
  bool choosing;         /* the second time: the least is known */
  int64_t bytes, cycles; /* of the best */
  Tiling best;
} Search;

/* Weight blocks for one block of `out` and one of `in`. */
static int64_t taps_of(const Layer *l) {
  return l->points * l->taps_y * l->taps_x;
}

static int64_t tiles_of(const Layer *l, const Tiling *t) {
  return l->groups * ceil_div(l->batch, t->batch) * ceil_div(l->out, t->out) *
         ceil_div(l->y.out, t->y) * ceil_div(l->x.out, t->x);
}

static bool within(int64_t elements, int depth) {
  return elements <= min_of(depth, MOST_ELEMENTS);
}

static bool fits(const Search *s, const Tiling *t) {
  const Layer *l = s->layer;
  int64_t sums = t->batch * t->y * t->x * l->points + l->bias;
  int64_t window = t->batch * window_of(&l->y, t->y) * window_of(&l->x, t->x);
  int64_t data = window * (t->keep == KEEP_DATA ? l->in : t->in);
  int64_t weights = t->out * taps_of(l) *
                    (t->keep == KEEP_WEIGHTS ? l->in * l->phases : t->in);
  return within(t->out * sums * t->threads, s->hw->acc_buff_depth) &&
         within(data * t->threads, s->hw->inp_buff_depth) &&
         within(weights * t->threads, s->hw->wgt_buff_depth) &&
         pads_fit(&l->y, t->y, &l->x, t->x);
}

/* The steps of a kernel's two outermost loops, which are loops of the
 * instruction; the others are micro-ops. */
static int64_t loop_steps(const Tiling *t) {
  const int64_t loop[] = {t->batch, t->out, t->y};
  int64_t steps = 1;
  for (int i = 0, taken = 0; i < 3 && taken < 2; i++)
    if (loop[i] > 1) {
      steps *= loop[i];
      taken++;
    }
  return steps;
}

/* A kernel is loaded once if all fit the micro-op memory.  Where an operand is
 * kept, each step of the reduction has a kernel of its own. */
static int64_t micro_op_bytes(const Search *s, const Tiling *t) {
  const Layer *l = s->layer;
  int64_t steps = t->batch * t->out * t->y * t->x * l->points * t->in *
                  l->taps_y * l->taps_x;
  int64_t size = UOP_BYTES * steps / loop_steps(t);
  int64_t reductions = ceil_div(l->in, t->in);
  int64_t kernels =
      (t->keep == KEEP_NOTHING ? 1 : reductions) * (t->threads > 1 ? 2 : 1);
  if (size * kernels <= s->hw->uop_buff_size) return size * kernels;
  return size * reductions * tiles_of(l, t);
}

static int64_t round_up(int64_t n, int64_t unit) {
  return ceil_div(n, unit) * unit;
}

/* What all tiles together move. */
typedef struct Moves {
  int64_t data, weights, results; /* bytes */
  int64_t kept;                   /* loads of what is kept, by each thread */
} Moves;

static Moves moves_of(const Search *s, const Tiling *t) {
  const Layer *l = s->layer;
  bool channels = t->threads > 1 && t->over == OVER_CHANNELS && l->groups == 1;
  bool rows = t->threads > 1 && t->over == OVER_ROWS;
  int64_t outs = round_up(ceil_div(l->out, t->out), channels ? t->threads : 1);
  int64_t pixels = ceil_div(l->y.out, t->y) * ceil_div(l->x.out, t->x);
  int64_t batches = ceil_div(l->batch, t->batch);
  int64_t data = l->batch * l->groups * l->in * steps_read(&l->y, t->y) *
                 steps_read(&l->x, t->x);
  int64_t weights = l->groups * l->out * l->in * taps_of(l);
  Moves m = {.results = l->batch * l->groups * l->out * l->y.out * l->x.out *
                        l->points * s->hw->out_elem_bytes};
  if (t->keep != KEEP_DATA)
    data *= outs;
  else if (channels)
    data *= t->threads;
  if (t->keep != KEEP_WEIGHTS)
    weights *= batches * pixels;
  else
    weights *= l->phases * (rows ? t->threads : 1);
  m.data = data * s->hw->inp_elem_bytes;
  m.weights = weights * s->hw->wgt_elem_bytes;
  if (t->keep == KEEP_DATA)
    m.kept = batches * pixels * l->groups / (channels ? 1 : t->threads);
  if (t->keep == KEEP_WEIGHTS)
    m.kept = outs * l->groups / (rows ? 1 : t->threads);
  return m;
}

static int64_t moved_bytes(const Search *s, const Tiling *t) {
  Moves m = moves_of(s, t);
  return m.data + m.weights + m.results + micro_op_bytes(s, t);
}

static int64_t work_of(const Layer *l) {
  int64_t sums =
      l->batch * l->groups * l->out * l->y.out * l->x.out * l->points;
  return sums * (l->in * l->taps_y * l->taps_x + 1 + l->alu);
}

static int64_t cycles_of(const Search *s, const Tiling *t) {
  Moves m = moves_of(s, t);
  int64_t work = work_of(s->layer), tiles = tiles_of(s->layer, t);
  int64_t steps = tiles * ceil_div(s->layer->in, t->in);
  int64_t uops = micro_op_bytes(s, t) / BYTES_PER_CYCLE;
  int64_t loads = (m.data + m.weights) / BYTES_PER_CYCLE;
  int64_t stores = m.results / BYTES_PER_CYCLE;
  work += steps * STEP_CYCLES + uops;
  if (t->threads < 2) return loads + work + stores;
  int64_t kept = t->keep == KEEP_NOTHING ? 0
                 : t->keep == KEEP_DATA  ? m.data / BYTES_PER_CYCLE
                                         : m.weights / BYTES_PER_CYCLE;
  int64_t once = kept ? kept / m.kept : 0; /* by all threads */
  int64_t hidden = min_of(once / t->threads, work / tiles);
  int64_t exposed = kept - hidden * max_of(m.kept - 1, 0);
  return max_of(loads - kept, work) + exposed + (loads - kept) / steps +
         stores / tiles;
}

/* Is there a tile for each thread? */
static bool has_work(const Layer *l, const Tiling *t) {
  if (t->threads < 2) return true;
  int64_t channels = l->groups > 1 ? l->groups : ceil_div(l->out, t->out);
  int64_t rows = ceil_div(l->y.out, t->y);
  return (t->over == OVER_ROWS ? rows : channels) >= t->threads;
}

static void choose(Search *s, const Tiling *t, int64_t bytes) {
  int64_t cycles = cycles_of(s, t);
  bool better = !s->cycles || cycles < s->cycles ||
                (cycles == s->cycles && bytes < s->bytes);
  if (!better || bytes > s->least + s->least / SLACK) return;
  s->cycles = cycles;
  s->bytes = bytes;
  s->best = *t;
}

/* The first time for the least bytes, the second for the best near them. */
static void consider(Search *s, const Tiling *t) {
  if (!has_work(s->layer, t)) return;
  int64_t bytes = moved_bytes(s, t);
  if (s->choosing) {
    choose(s, t, bytes);
  } else if (!s->found || bytes < s->least) {
    s->least = bytes;
  }
  s->found = true;
}

/* The deepest part of the reduction that fits and whose kernel stays small. */
static void consider_depths(Search *s, Tiling t) {
  const Layer *l = s->layer;
  for (int64_t in = first_tile(l->in, s->fixed.in); in;
       in = next_tile(l->in, s->fixed.in, in)) {
    t.in = in;
    int64_t size = UOP_BYTES * t.batch * t.out * t.y * t.x * in * taps_of(l) /
                   loop_steps(&t);
    if (in > 1 && !s->fixed.in && size > s->hw->uop_buff_size / 8) continue;
    if (!fits(s, &t)) continue;
    consider(s, &t);
    return;
  }
}

static void consider_threads(Search *s, Tiling t) {
  static const ThreadsOver over[] = {OVER_NOTHING, OVER_CHANNELS, OVER_ROWS};
  Resident most = s->parts ? KEEP_NOTHING : KEEP_DATA;
  for (Resident keep = KEEP_NOTHING; keep <= most; keep++)
    for (int i = 0; i < 3; i++) {
      if (s->fixed.threads && (s->fixed.threads > 1) != (i > 0)) continue;
      t.keep = keep;
      t.over = over[i];
      t.threads = i == 0 ? 1 : max_of(s->fixed.threads, 2);
      consider_depths(s, t);
    }
}

static void search(Search *s) {
  const Layer *l = s->layer;
  bool done = false;
  for (int64_t x = first_tile(l->x.out, s->fixed.x); x;
       x = next_tile(l->x.out, s->fixed.x, x)) {
    for (int64_t y = first_tile(l->y.out, s->fixed.y); y;
         y = next_tile(l->y.out, s->fixed.y, y))
      for (int64_t out = first_tile(l->out, s->fixed.out); out;
           out = next_tile(l->out, s->fixed.out, out))
        for (int64_t batch = first_tile(l->batch, s->fixed.batch); batch;
             batch = next_tile(l->batch, s->fixed.batch, batch))
          consider_threads(s, (Tiling){.batch = batch,
                                       .out = out,
                                       .y = y,
                                       .x = x,
                                       .taps_y = s->fixed.taps_y,
                                       .taps_x = s->fixed.taps_x});
    if (done || (done = s->found)) return;
  }
}

/* Is there any tiling? */
static bool search_any(Search *s) {
  search(s);
  if (!s->found && s->fixed.threads > 1) {
    s->fixed.threads = 1;
    search(s);
  }
  return s->found;
}

/* Reduces over parts of the window, as large ones as fit. */
static bool search_parts(Search *s, const Layer *layer, Layer *part) {
  s->layer = part;
  s->parts = true;
  for (int64_t x = layer->taps_x; x; x = next_tile(layer->taps_x, 0, x))
    for (int64_t y = layer->taps_y; y; y = next_tile(layer->taps_y, 0, y)) {
      if (y > 1 && x < layer->taps_x) continue;
      *part = *layer;
      part->taps_y = s->fixed.taps_y = y;
      part->taps_x = s->fixed.taps_x = x;
      part->y.window -= layer->taps_y - y;
      part->x.window -= layer->taps_x - x;
      if (search_any(s)) return true;
    }
  return false;
}

bool find_tiling(vtac_context *c, const Layer *layer, Tiling *tiling) {
  if (vtac_context_error(c)) return false;
  Search s = {.hw = &c->config, .layer = layer, .fixed = *tiling};
  Layer part;
  if (!search_any(&s) && !search_parts(&s, layer, &part)) return false;
  s.choosing = true;
  s.found = false;
  search(&s);
  *tiling = s.best;
  return true;
}

void choose_tiling(vtac_context *c, const Layer *layer, Tiling *tiling) {
  if (vtac_context_error(c) || find_tiling(c, layer, tiling)) return;
  op_refuse(c, "use smaller tiles or a configuration with larger memories",
            "no tile fits the memories: one tap takes %lld weight blocks and "
            "%lld accumulators, of %d and %d that fit",
            (long long)layer->points, (long long)(layer->points + layer->bias),
            c->config.wgt_buff_depth, c->config.acc_buff_depth);
}

/* ---- Windows in the accumulators ---------------------------------------- */

typedef struct ImageSearch {
  const HwConfig *hw;
  const Image *image;
  ImageTiling fixed, best;
  int64_t bytes, parts;
} ImageSearch;

static bool image_fits(const ImageSearch *s, const ImageTiling *t) {
  const Image *image = s->image;
  int64_t source = window_of(&image->y, t->y) * window_of(&image->x, t->x);
  int64_t sums = image->sources * source + image->apart * t->y * t->x;
  return within(t->channels * sums * t->threads, s->hw->acc_buff_depth) &&
         pads_fit(&image->y, t->y, &image->x, t->x);
}

static void consider_image(ImageSearch *s, ImageTiling t) {
  const Image *image = s->image;
  int64_t channels = ceil_div(image->channels, t.channels);
  int64_t rows = ceil_div(image->y.out, t.y);
  int64_t parts = channels * rows * ceil_div(image->x.out, t.x);
  t.over_channels = channels >= t.threads;
  if ((!t.over_channels && rows < t.threads) || !image_fits(s, &t)) return;
  int64_t bytes = steps_read(&image->y, t.y) * steps_read(&image->x, t.x);
  bool better =
      !s->parts || bytes < s->bytes || (bytes == s->bytes && parts < s->parts);
  if (!better) return;
  s->bytes = bytes;
  s->parts = parts;
  s->best = t;
}

static void search_image(ImageSearch *s, int threads) {
  const Image *image = s->image;
  for (int64_t x = first_tile(image->x.out, s->fixed.x); x;
       x = next_tile(image->x.out, s->fixed.x, x)) {
    for (int64_t y = first_tile(image->y.out, s->fixed.y); y;
         y = next_tile(image->y.out, s->fixed.y, y))
      for (int64_t channels = first_tile(image->channels, s->fixed.channels);
           channels;
           channels = next_tile(image->channels, s->fixed.channels, channels))
        consider_image(s, (ImageTiling){channels, y, x, 0, 0, threads, false});
    if (s->parts) return;
  }
}

/* One step of the output at a time, and as much of its window as fits. */
static bool divide_window(const ImageSearch *s, ImageTiling *ret) {
  const Image *image = s->image;
  int64_t room =
      min_of(s->hw->acc_buff_depth, MOST_ELEMENTS) - max_of(image->apart, 1);
  bool padded = image->x.before || image->y.before;
  int64_t most = padded ? MOST_PAD : MOST_ELEMENTS;
  int64_t columns =
      min_of(min_of(image->x.window, most), room / image->sources);
  if (columns < 1) return false;
  int64_t rows =
      min_of(min_of(image->y.window, most), room / image->sources / columns);
  *ret = (ImageTiling){1, 1, 1, rows, columns, 1, false};
  return true;
}

/* Two threads if they can share the memory without more bytes. */
void choose_image_tiling(vtac_context *c, const Image *image,
                         ImageTiling *tiling) {
  if (vtac_context_error(c)) return;
  ImageSearch one = {.hw = &c->config, .image = image, .fixed = *tiling};
  ImageSearch two = one;
  search_image(&one, 1);
  if (tiling->threads != 1)
    search_image(&two, tiling->threads > 1 ? tiling->threads : 2);
  bool wanted = tiling->threads > 1;
  bool divide = two.parts && (wanted || !one.parts || two.bytes <= one.bytes);
  *tiling = divide ? two.best : one.best;
  if (one.parts || divide || divide_window(&one, tiling)) return;
  op_refuse(c, "use a configuration with more accumulators",
            "no tile fits the accumulators: it takes %lld for the result and "
            "one for each of %lld inputs, of %d that fit",
            (long long)max_of(image->apart, 1), (long long)image->sources,
            c->config.acc_buff_depth);
}
