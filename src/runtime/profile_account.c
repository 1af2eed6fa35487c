/* SPDX-License-Identifier: Apache-2.0 */
/* Timing what a profile has recorded.  The model reports spans of cycles with
 * the instructions that they are spent on; they are added up by site, so that
 * memory does not grow with the cycles. */
#include <stdlib.h>
#include <string.h>

#include "runtime/profile.h"

/* ---- Timing ------------------------------------------------------------- */

static TsimJob job_of(const vtac_profile *profile, uint32_t stream) {
  const ProfileStream *part = &profile->streams[stream];
  return (TsimJob){.config = &profile->config,
                   .timing = &profile->config.timing,
                   .insns = profile->insns + part->first,
                   .count = part->count,
                   .tokens = part->tokens};
}

/* ---- The account -------------------------------------------------------- */

typedef struct Ledger {
  vtac_profile *profile;
  uint32_t first; /* instruction of the stream */
} Ledger;

static void enter_span(void *self, const TsimSpan *span) {
  const Ledger *ledger = self;
  const vtac_profile *profile = ledger->profile;
  uint32_t row = span->insn == TSIM_NONE_LEFT
                     ? (uint32_t)profile->rows
                     : profile->site[ledger->first + span->insn];
  profile->spent[row].cycles[span->unit][span->cause] +=
      span->end - span->begin;
}

static vtac_status account_stream(Ledger *ledger, uint32_t index,
                                  TsimResult *ret, Diag *diag) {
  const TsimSink sink = {.self = ledger, .span = enter_span};
  TsimJob job = job_of(ledger->profile, index);
  job.sink = &sink;
  ledger->first = ledger->profile->streams[index].first;
  return tsim_time(&job, ret, diag);
}

/* Tokens that a stream leaves are there for the next one. */
static vtac_status account_streams(vtac_profile *profile, Diag *diag) {
  Ledger ledger = {.profile = profile};
  uint64_t tokens[HW_TOKENS] = {0};
  for (uint32_t i = 0; i < profile->stream_count; i++) {
    ProfileStream *stream = &profile->streams[i];
    TsimResult result;
    memcpy(stream->tokens, tokens, sizeof tokens);
    vtac_status status = account_stream(&ledger, i, &result, diag);
    if (status) return status;
    stream->begin = profile->sums.cycles;
    stream->cycles = result.cycles;
    tsim_add(&profile->sums, &result);
    tsim_tokens_after(profile->insns + stream->first, stream->count, tokens);
  }
  return VTAC_OK;
}

vtac_status profile_account(vtac_profile *profile, Diag *diag) {
  profile->rows = profile->sites ? profile->sites->sites : 1;
  size_t rows = (size_t)profile->rows + 1;
  profile->spent = calloc(rows, sizeof *profile->spent);
  profile->made = calloc(rows, sizeof *profile->made);
  if (!profile->spent || !profile->made)
    return diag_set(diag, D_NO_MEMORY, "no memory for a profile's account");
  for (uint32_t i = 0; i < profile->count; i++)
    profile->made[profile->site[i]]++;
  return account_streams(profile, diag);
}

/* ---- Events ------------------------------------------------------------- */

typedef struct Teller {
  const vtac_profile_events *to;
  size_t first;
  uint64_t begin;
} Teller;

static void tell_span(void *self, const TsimSpan *span) {
  const Teller *teller = self;
  const vtac_profile_span told = {.unit = (vtac_unit)span->unit,
                                  .cause = (vtac_cause)span->cause,
                                  .insn = span->insn == TSIM_NONE_LEFT
                                              ? SIZE_MAX
                                              : teller->first + span->insn,
                                  .begin = teller->begin + span->begin,
                                  .end = teller->begin + span->end};
  teller->to->span(teller->to->user, &told);
}

static void tell_insn(void *self, const TsimInsn *insn) {
  const Teller *teller = self;
  const vtac_profile_insn told = {.insn = teller->first + insn->index,
                                  .unit = (vtac_unit)insn->unit,
                                  .visible = teller->begin + insn->visible,
                                  .start = teller->begin + insn->start,
                                  .done = teller->begin + insn->done};
  teller->to->insn(teller->to->user, &told);
}

static void tell_token(void *self, HwToken token, bool taken, uint32_t insn,
                       uint64_t cycle) {
  const Teller *teller = self;
  const vtac_profile_token told = {.queue = (int)token,
                                   .taken = taken,
                                   .insn = teller->first + insn,
                                   .cycle = teller->begin + cycle};
  teller->to->token(teller->to->user, &told);
}

static vtac_status replay(const vtac_profile *profile,
                          const vtac_profile_events *events, Diag *diag) {
  Teller teller = {.to = events};
  const TsimSink sink = {.self = &teller,
                         .span = events->span ? tell_span : NULL,
                         .insn = events->insn ? tell_insn : NULL,
                         .token = events->token ? tell_token : NULL};
  for (uint32_t i = 0; i < profile->stream_count; i++) {
    TsimJob job = job_of(profile, i);
    TsimResult result;
    job.sink = &sink;
    teller.first = profile->streams[i].first;
    teller.begin = profile->streams[i].begin;
    vtac_status status = tsim_time(&job, &result, diag);
    if (status) return status;
  }
  return VTAC_OK;
}

vtac_status vtac_profile_replay(const vtac_profile *profile,
                                const vtac_profile_events *events,
                                vtac_error *error) {
  static const char call[] = "vtac_profile_replay";
  Diag diag;
  if (is_missing(profile, call, "profile", error) ||
      is_missing(events, call, "events", error))
    return VTAC_INVALID;
  return replay(profile, events, &diag) ? report_error(error, &diag) : VTAC_OK;
}
