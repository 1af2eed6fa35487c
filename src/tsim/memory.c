/* SPDX-License-Identifier: Apache-2.0 */
/* The read side of the memory: command slots, arbiter, tags and endpoint.
 *
 * Requests are served strictly in the order in which they are issued, so a
 * burst's beats are known when it is issued: it is taken one cycle later, or
 * when the burst before it ends, or when the latency counter is full; the
 * counter starts over only when no request waits.  The arbiter issues one
 * request a cycle, the lowest slot first, if a tag is free, and none in a
 * cycle in which a burst's last beat returns a tag.
 *
 * A long load settles: all tags are under way, all bursts are full, and a
 * burst is issued whenever one ends.  From then on a burst shifts everything by
 * its length, so any number of them goes in one step.
 *
 * Cost: a few comparisons a burst, or a few dozen for all that are skipped. */
#include "tsim/burst.h"

void memory_post(Sim *sim, Slot slot, Cycle cycle, uint32_t beats) {
  sim->memory.posted[slot] = cycle;
  sim->memory.beats[slot] = beats;
}

static inline Cycle first_posted(const Memory *memory) {
  Cycle a = sooner(memory->posted[SLOT_FETCH], memory->posted[SLOT_UOP]);
  Cycle b = sooner(memory->posted[SLOT_LOAD], memory->posted[SLOT_ACC]);
  return sooner(a, b);
}

/* The first cycle from `cycle` on in which a tag is free and none returns, for
 * whomever; the tags of bursts that ended before it are taken back.  So time
 * must not go back behind its answer. */
static inline Cycle await_tag(Channel *channel, Cycle cycle) {
  while (channel->used) {
    Cycle last = channel->tags[channel->oldest & channel->mask];
    if (last < cycle) {
      channel->oldest++;
      channel->used--;
    } else if (last == cycle || channel->used == channel->most) {
      cycle = last + 1;
    } else {
      break;
    }
  }
  return cycle;
}

static inline Slot choose(const Memory *memory, Cycle cycle) {
  int slot = SLOT_FETCH;
  while (memory->posted[slot] >= cycle) slot++;
  return (Slot)slot;
}

/* Returns the cycle in which the endpoint takes the request. */
static inline Cycle take(Channel *channel, Cycle issued, uint32_t beats) {
  if (issued > channel->last_taken)
    channel->counted = issued + 1 + channel->latency;
  Cycle taken = later(issued + 1, later(channel->counted, channel->last_beat));
  channel->last_taken = taken;
  channel->last_beat = taken + beats;
  channel->tags[(channel->oldest + channel->used++) & channel->mask] =
      channel->last_beat;
  return taken;
}

static void issue_fetch(Sim *sim, Cycle cycle) {
  Memory *memory = &sim->memory;
  uint32_t beats = memory->beats[SLOT_FETCH];
  Cycle taken = take(&memory->channel, cycle, beats);
  memory->posted[SLOT_FETCH] = NEVER;
  memory->channel.next_issue = cycle + 1;
  sim->result->bursts[TSIM_FETCH]++;
  sim->result->beats[TSIM_FETCH] += beats;
  if (sim->books.open)
    books_burst(sim, (Burst){cycle, taken + 1, taken + beats, TSIM_FETCH,
                             sim->fetch.arrived});
  fetch_issued(sim, memory->channel.last_beat);
}

/* Is a full burst that is issued in `cycle` one of a series as above?  Then the
 * tags come back a burst apart, the last one just did, and the endpoint has
 * more to do than the burst that it is about to end. */
static bool is_settled(const Channel *channel, Cycle cycle) {
  Cycle last = cycle - 1;
  if (channel->last_taken < cycle) return false;
  for (uint32_t i = 0; i < channel->used; i++) {
    last += channel->full;
    if (channel->tags[(channel->oldest + i) & channel->mask] != last)
      return false;
  }
  return channel->last_beat == last;
}

/* Skips full bursts, of which one is to be issued in `cycle`, as long as the
 * one behind them is full, too, and not later than `end`; returns the cycles.
 * Not for a few, of which each had better be served. */
static Cycle skip_bursts(Sim *sim, TsimUnit unit, Cycle cycle, Cycle end) {
  enum { FEW = 4 };
  Channel *channel = &sim->memory.channel;
  Loader *loader = &sim->loaders[unit];
  const uint64_t room = (uint64_t)(end - cycle) >> sim->log_burst;
  const uint64_t left = full_bursts(sim, loader);
  const uint64_t skipped = left < room ? left : room;
  const uint64_t beats = skipped << sim->log_burst;
  if (skipped < FEW || !is_settled(channel, cycle)) return 0;
  skip_full(sim, loader, skipped);
  channel->last_beat += (Cycle)beats;
  channel->last_taken = channel->last_beat - channel->full;
  for (uint32_t i = 0; i < channel->used; i++)
    channel->tags[(channel->oldest + i) & channel->mask] += (Cycle)beats;
  sim->result->bursts[unit] += skipped;
  sim->result->beats[unit] += beats;
  return (Cycle)beats;
}

/* May bursts be skipped?  With the last tag the series goes on for sure, and
 * neither padding nor books look at single bursts. */
static inline bool may_skip(const Sim *sim, TsimUnit unit, uint32_t beats,
                            Cycle cycle, Cycle end) {
  enum { LEAST_TAGS = 3 };
  const Channel *channel = &sim->memory.channel;
  return beats == channel->full && channel->used + 1 == channel->most &&
         channel->most >= LEAST_TAGS && cycle < end && !sim->books.open &&
         !sim->loaders[unit].padding.any;
}

/* Issues bursts of one load from `cycle` on, as long as it is alone: to `end`,
 * and so many that it is worth to see whether more can be skipped.  Works on a
 * copy of the channel, which the compiler can keep in registers: nothing else
 * touches the original meanwhile. */
static void issue_load(Sim *sim, Slot slot, Cycle cycle, Cycle end) {
  enum { MANY = 24 };
  const TsimUnit unit = slot == SLOT_LOAD ? TSIM_LOAD : TSIM_COMPUTE;
  Loader *loader = &sim->loaders[unit];
  uint32_t beats = sim->memory.beats[slot];
  if (may_skip(sim, unit, beats, cycle, end))
    cycle += skip_bursts(sim, unit, cycle, end);
  Channel channel = sim->memory.channel;
  const bool padded = loader->padding.any, booked = sim->books.open;
  uint64_t all_beats = 0;
  uint32_t bursts = 0;
  Cycle posted;
  do {
    Cycle taken = take(&channel, cycle, beats);
    bursts++;
    all_beats += beats;
    if (booked)
      books_burst(sim, (Burst){cycle, taken + 1, taken + beats, unit,
                               head_insn(sim, unit)});
    if (padded) loader_pad(sim, unit, channel.last_beat, beats);
    beats = next_burst(sim, loader);
    channel.next_issue = posted = cycle + 1;
    if (!beats || cycle + 2 > end) break;
    cycle = channel.next_issue = await_tag(&channel, cycle + 2);
  } while (cycle <= end && bursts < MANY);
  memory_post(sim, slot, beats ? posted : NEVER, beats);
  sim->memory.channel = channel;
  sim->result->bursts[unit] += bursts;
  sim->result->beats[unit] += all_beats;
  if (!beats) loader_end(sim, unit, channel.last_beat);
}

/* The last cycle for which no event yet to come can bring a request. */
static inline Cycle horizon(const Sim *sim) {
  return sim->earliest == NEVER ? NEVER : sim->earliest + LOOKAHEAD;
}

/* The last cycle in which no slot but this one has a request to issue. */
static inline Cycle alone_until(Memory *memory, Slot slot) {
  Cycle own = memory->posted[slot];
  memory->posted[slot] = NEVER;
  Cycle others = first_posted(memory);
  memory->posted[slot] = own;
  return others;
}

void memory_run(Sim *sim) {
  Memory *memory = &sim->memory;
  Channel *channel = &memory->channel;
  for (;;) {
    Cycle posted = first_posted(memory), end = horizon(sim);
    if (posted == NEVER) return;
    Cycle cycle = later(channel->next_issue, posted + 1);
    if (cycle > end) return;
    cycle = channel->next_issue = await_tag(channel, cycle);
    if (cycle > end) return;
    Slot slot = choose(memory, cycle);
    if (slot == SLOT_FETCH)
      issue_fetch(sim, cycle);
    else
      issue_load(sim, slot, cycle, sooner(end, alone_until(memory, slot)));
  }
}
