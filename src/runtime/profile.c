/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: their life, and the questions that they answer. */
#include "runtime/profile.h"

#include <stdlib.h>

_Static_assert(VTAC_UNITS == TSIM_UNITS && VTAC_UNIT_LOAD == (int)TSIM_LOAD &&
                   VTAC_UNIT_MEMORY == (int)TSIM_MEMORY,
               "one unit, one number");
#define TSIM_CAUSE(NAME, name, meaning)                 \
  _Static_assert(VTAC_CAUSE_##NAME == (int)TSIM_##NAME, \
                 "one cause, one number");
#include "tsim/causes.def"
_Static_assert(VTAC_CAUSES == TSIM_CAUSES, "all causes have numbers");

const char *vtac_unit_name(int unit) {
  return unit >= 0 && unit < TSIM_UNITS ? tsim_unit_name((TsimUnit)unit) : NULL;
}

const char *vtac_cause_name(int cause, const char **ret_meaning) {
  if (cause < 0 || cause >= TSIM_CAUSES) return NULL;
  if (ret_meaning) *ret_meaning = tsim_cause_meaning((TsimCause)cause);
  return tsim_cause_name((TsimCause)cause);
}

const char *vtac_token_name(int queue) {
  return queue >= 0 && queue < HW_TOKENS ? hw_token_name((HwToken)queue) : NULL;
}

/* ---- Life --------------------------------------------------------------- */

void vtac_profile_free(vtac_profile *profile) {
  if (!profile) return;
  sites_release(profile->sites);
  free(profile->insns);
  free(profile->site);
  free(profile->bytes);
  free(profile->streams);
  free(profile->spent);
  free(profile->made);
  free(profile);
}

static vtac_profile *new_profile(vtac_error *error) {
  Diag diag;
  vtac_profile *profile = calloc(1, sizeof *profile);
  if (profile) return profile;
  diag_set(&diag, D_NO_MEMORY, "cannot allocate a profile");
  report_error(error, &diag);
  return NULL;
}

/* The profile with its account, or NULL if there can be none. */
static vtac_profile *accounted(vtac_profile *profile, vtac_error *error) {
  Diag diag;
  vtac_status status = profile_seal(profile, &diag);
  if (!status) status = profile_account(profile, &diag);
  if (!status) return profile;
  report_error(error, &diag);
  vtac_profile_free(profile);
  return NULL;
}

vtac_profile *vtac_profile_module(const vtac_module *module,
                                  vtac_error *error) {
  if (is_missing(module, "vtac_profile_module", "module", error)) return NULL;
  vtac_profile *profile = new_profile(error);
  if (!profile) return NULL;
  if (!profile_record_module(profile, module, error))
    return accounted(profile, error);
  vtac_profile_free(profile);
  return NULL;
}

vtac_profile *vtac_profile_stream(const vtac_config *config, const void *stream,
                                  size_t count, vtac_error *error) {
  static const char call[] = "vtac_profile_stream";
  Diag diag;
  if (is_missing(config, call, "config", error) ||
      is_missing(stream, call, "stream", error))
    return NULL;
  vtac_profile *profile = new_profile(error);
  if (!profile) return NULL;
  profile->config = config->hw;
  if (!profile_record_stream(profile, stream, count, &diag))
    return accounted(profile, error);
  report_error(error, &diag);
  vtac_profile_free(profile);
  return NULL;
}

/* ---- Where instructions come from --------------------------------------- */

const void *vtac_profile_insns(const vtac_profile *profile, size_t *ret_count) {
  *ret_count = profile->count;
  return profile->bytes;
}

int vtac_profile_part(const vtac_profile *profile, int index,
                      vtac_profile_stream_part *ret) {
  if (index < 0 || (uint32_t)index >= profile->stream_count) return 0;
  const ProfileStream *stream = &profile->streams[index];
  *ret = (vtac_profile_stream_part){stream->first, stream->count, stream->begin,
                                    stream->cycles};
  return 1;
}

const char *vtac_profile_text(const vtac_profile *profile) {
  return profile->sites ? profile->sites->text : "";
}

int vtac_profile_site(const vtac_profile *profile, int site,
                      vtac_site *ret_site) {
  const SiteTable *sites = profile->sites;
  if (!sites || site < 1 || site >= sites->sites) return 0;
  const InsnSite *from = &sites->site[site];
  *ret_site = (vtac_site){
      .line = from->line,
      .loop = from->loop,
      .stage = from->stage,
      .insns = profile->made[site],
      .stage_name = from->stage < 0 ? "" : sites->stage[from->stage]};
  return 1;
}

int vtac_profile_insn_site(const vtac_profile *profile, size_t insn) {
  return insn < profile->count ? (int)profile->site[insn] : 0;
}

int vtac_profile_loop(const vtac_profile *profile, int loop,
                      vtac_site_loop *ret_loop) {
  if (!profile->sites || loop < 0 || loop >= profile->sites->loops) return 0;
  const SiteLoop *from = &profile->sites->loop[loop];
  *ret_loop = (vtac_site_loop){from->line, from->parent, from->name};
  return 1;
}

const char *vtac_profile_stage(const vtac_profile *profile, int stage) {
  const SiteTable *sites = profile->sites;
  bool known = sites && stage >= 0 && stage < sites->stages;
  return known ? sites->stage[stage] : NULL;
}

/* ---- The account -------------------------------------------------------- */

uint64_t vtac_profile_cycles(const vtac_profile *profile) {
  return profile->sums.cycles;
}

static bool is_inside(const SiteTable *sites, int loop, int around) {
  while (loop > around) loop = sites->loop[loop].parent;
  return loop == around;
}

static bool in_scope(const vtac_profile *profile, int site, vtac_scope scope,
                     int index) {
  const SiteTable *sites = profile->sites;
  const InsnSite unknown = {0, -1, -1};
  const InsnSite *at = sites ? &sites->site[site] : &unknown;
  switch (scope) {
    case VTAC_SCOPE_RUN: return true;
    case VTAC_SCOPE_SITE: return site == index;
    case VTAC_SCOPE_STAGE: return at->stage == index;
    case VTAC_SCOPE_LOOP:
      return index >= 0 && is_inside(sites, at->loop, index);
    case VTAC_SCOPE_REST: break; /* no site */
  }
  return false;
}

uint64_t vtac_profile_spent(const vtac_profile *profile, vtac_scope scope,
                            int index, vtac_unit unit, vtac_cause cause) {
  uint64_t sum = 0;
  if ((unsigned)unit >= VTAC_UNITS || (unsigned)cause >= VTAC_CAUSES) return 0;
  if (scope == VTAC_SCOPE_RUN || scope == VTAC_SCOPE_REST)
    sum = profile->spent[profile->rows].cycles[unit][cause];
  for (int site = 0; site < profile->rows; site++)
    if (in_scope(profile, site, scope, index))
      sum += profile->spent[site].cycles[unit][cause];
  return sum;
}
