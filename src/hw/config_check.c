/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a configuration: a limit is stated as the range that remains for one
 * key while the others stand, so that the message says what to change.
 *
 * All sums are of exponents, so nothing overflows however wild the keys are.
 * The checks on A and I come first because the room for W depends on them;
 * what they leave makes every other limit of the layouts hold (GEMM factors
 * in one word, output memory not empty). */
#include "hw/config_check.h"

/* log2 bits of a byte, of a page, of a micro-op. */
enum { LOG_BYTE = 3, LOG_PAGE_BITS = HW_PAGE_BITS + 3, LOG_MAX_SIZE = 30 };

static int min_int(int a, int b) { return a < b ? a : b; }
static int max_int(int a, int b) { return a > b ? a : b; }

vtac_status config_limit(const KeyLimit *limit, const char *file_name,
                         Diag *diag) {
  if (limit->value >= limit->least && limit->value <= limit->most)
    return VTAC_OK;
  return diag_set(diag, D_CONFIG_RANGE, "%s: %s is %d, allowed is %d..%d%s%s",
                  file_name, limit->key, limit->value, limit->least,
                  limit->most, *limit->why ? ": " : "", limit->why);
}

static vtac_status check_keys(const HwConfig *c, const char *file_name,
                              Diag *diag) {
#define HW_KEY(KEY, field, lo, hi, preset, meaning) \
  {#KEY, c->field, lo, hi, ""},
#define HW_TIMING_KEY(KEY, field, lo, hi, meaning) \
  {#KEY, c->timing.field, lo, hi, ""},
  const KeyLimit limits[] = {
#include "hw/config_keys.def"
#include "hw/timing_keys.def"
  };
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    vtac_status status = config_limit(&limits[i], file_name, diag);
    if (status) return status;
  }
  return VTAC_OK;
}

/* No lane is wider than the accumulator's. */
static vtac_status check_widths(const HwConfig *c, const char *file_name,
                                Diag *diag) {
  const char *why = "a lane is no wider than LOG_ACC_WIDTH says";
  const KeyLimit inp = {"LOG_INP_WIDTH", c->log_inp_width, 0, c->log_acc_width,
                        why};
  const KeyLimit wgt = {"LOG_WGT_WIDTH", c->log_wgt_width, 0, c->log_acc_width,
                        why};
  vtac_status status = config_limit(&inp, file_name, diag);
  return status ? status : config_limit(&wgt, file_name, diag);
}

/* An element of every memory takes one byte to one page. */
static vtac_status check_elements(const HwConfig *c, const char *file_name,
                                  Diag *diag) {
  const int inp = LOG_BYTE - c->log_batch - c->log_inp_width;
  const int wgt = (LOG_BYTE - c->log_wgt_width + 1) / 2;
  const KeyLimit block = {
      "LOG_BLOCK", c->log_block, max_int(0, max_int(inp, wgt)),
      (LOG_PAGE_BITS - c->log_wgt_width) / 2,
      "activation and weight elements take one byte to one page (4096 bytes)"};
  const KeyLimit batch = {
      "LOG_BATCH", c->log_batch, 0,
      LOG_PAGE_BITS - c->log_acc_width - c->log_block,
      "an accumulator element takes at most one page (4096 bytes)"};
  vtac_status status = config_limit(&block, file_name, diag);
  if (!status) status = config_limit(&batch, file_name, diag);
  return status;
}

/* One memory: its depth exponent must lie in 1..most. */
typedef struct DepthLimit {
  const char *key;
  int log_size, log_depth, most;
  const char *why;
} DepthLimit;

static vtac_status check_depth(const DepthLimit *depth, const char *file_name,
                               Diag *diag) {
  int log_elem = depth->log_size - depth->log_depth;
  const KeyLimit limit = {depth->key, depth->log_size, max_int(0, log_elem + 1),
                          min_int(LOG_MAX_SIZE, log_elem + depth->most),
                          depth->why};
  return config_limit(&limit, file_name, diag);
}

static vtac_status check_depths(const HwConfig *c, const char *file_name,
                                Diag *diag) {
  const int acc = c->log_acc_buff_depth, inp = c->log_inp_buff_depth;
  const DepthLimit depths[] = {
      {"LOG_UOP_BUFF_SIZE", c->log_uop_buff_size, c->log_uop_buff_depth, 13,
       "2 to 2^13 micro-ops, so that the loop counts fit the first word of "
       "GEMM and ALU"},
      {"LOG_ACC_BUFF_SIZE", c->log_acc_buff_size, acc, 11,
       "2 to 2^11 accumulator elements, so that the factors fit the second "
       "word of ALU"},
      {"LOG_INP_BUFF_SIZE", c->log_inp_buff_size, inp, 16,
       "2 to 2^16 activation elements, so that the base fits LOAD"},
      {"LOG_WGT_BUFF_SIZE", c->log_wgt_buff_size, c->log_wgt_buff_depth,
       min_int(16, 32 - acc - max_int(acc, inp)),
       "2 weight elements at least; at most what leaves its index room in a "
       "32-bit micro-op beside those of the accumulator and the activation, "
       "and no more than 2^16"},
  };
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    vtac_status status = check_depth(&depths[i], file_name, diag);
    if (status) return status;
  }
  return VTAC_OK;
}

vtac_status config_check(const HwConfig *config, const char *file_name,
                         Diag *diag) {
  vtac_status status = check_keys(config, file_name, diag);
  if (!status) status = check_widths(config, file_name, diag);
  if (!status) status = check_elements(config, file_name, diag);
  if (!status) status = check_depths(config, file_name, diag);
  return status;
}
