/* SPDX-License-Identifier: Apache-2.0 */
/* The accelerators of the tests. */
#include "support/accelerators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG(inp, wgt, acc, batch, block, sizes)                       \
  "{\"TARGET\": \"sim\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": " inp \
  ", \"LOG_WGT_WIDTH\": " wgt ", \"LOG_ACC_WIDTH\": " acc                \
  ", \"LOG_BATCH\": " batch ", \"LOG_BLOCK\": " block ", " sizes "}"
#define SIZES(uop, inp, wgt, acc)                               \
  "\"LOG_UOP_BUFF_SIZE\": " uop ", \"LOG_INP_BUFF_SIZE\": " inp \
  ", \"LOG_WGT_BUFF_SIZE\": " wgt ", \"LOG_ACC_BUFF_SIZE\": " acc

static const struct {
  const char *name, *file, *text; /* no file, no text: the built-in one */
} known[ACCELERATORS] = {
    {"built-in", NULL, NULL},
    {"b2", "golden/configs/b2/vta_config.json", NULL},
    {"blk8", "golden/configs/blk8/vta_config.json", NULL},
    {"blk32", "golden/configs/blk32/vta_config.json", NULL},
    /* sixteen micro-ops, a few tiles a memory */
    {"tiny", NULL, CONFIG("3", "3", "5", "0", "2", SIZES("6", "8", "9", "9"))},
    /* lanes narrower than a byte, and wider ones */
    {"narrow", NULL,
     CONFIG("2", "1", "4", "1", "3", SIZES("12", "12", "12", "13"))},
    {"wide", NULL,
     CONFIG("4", "4", "5", "0", "3", SIZES("13", "13", "15", "14"))},
};

vtac_config *accelerator(int number, vtac_error *error) {
  const char *file = known[number].file, *text = known[number].text;
  if (file) return vtac_config_load(file, error);
  return text ? vtac_config_parse(text, strlen(text), "text", error)
              : vtac_config_default(error);
}

typedef struct Sizes {
  int inp, wgt, acc, batch, block;            /* log2 bits; log2 */
  int uop_size, inp_size, wgt_size, acc_size; /* log2 bytes */
} Sizes;

/* NULL where the numbers do not fit together. */
static vtac_config *config_of(const Sizes *s, char *text, size_t size) {
  int n = snprintf(
      text, size,
      "{\"TARGET\": \"sim\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": %d, "
      "\"LOG_WGT_WIDTH\": %d, \"LOG_ACC_WIDTH\": %d, \"LOG_BATCH\": %d, "
      "\"LOG_BLOCK\": %d, \"LOG_UOP_BUFF_SIZE\": %d, "
      "\"LOG_INP_BUFF_SIZE\": %d, \"LOG_WGT_BUFF_SIZE\": %d, "
      "\"LOG_ACC_BUFF_SIZE\": %d}",
      s->inp, s->wgt, s->acc, s->batch, s->block, s->uop_size, s->inp_size,
      s->wgt_size, s->acc_size);
  return vtac_config_parse(text, (size_t)n, "random", NULL);
}

static Sizes any_widths(Choices *c) {
  Sizes s = {.acc = choose_from(c, 3, 5)};
  s.inp = choose_from(c, 0, s.acc);
  s.wgt = choose_from(c, 1, s.acc);
  return s;
}

static vtac_config *any(Choices *c, char *text, size_t size) {
  Sizes s = any_widths(c);
  s.batch = choose_from(c, 0, 3);
  s.block = choose_from(c, 1, 5);
  s.uop_size = choose_from(c, 7, 15);
  s.inp_size = choose_from(c, 9, 15);
  s.wgt_size = choose_from(c, 11, 18);
  s.acc_size = choose_from(c, 10, 17);
  return config_of(&s, text, size);
}

/* Room for 2^1 to 2^most elements, each of 2^bits bits. */
static int any_size(Choices *c, int bits, int most) {
  return bits - 3 + choose_low(c, 1, most);
}

static vtac_config *any_small(Choices *c, char *text, size_t size) {
  Sizes s = any_widths(c);
  s.batch = choose_low(c, 0, 3);
  s.block = choose_from(c, 0, 5);
  s.uop_size = any_size(c, 5, 8);
  s.inp_size = any_size(c, s.batch + s.block + s.inp, 8);
  s.wgt_size = any_size(c, 2 * s.block + s.wgt, 8);
  s.acc_size = any_size(c, s.batch + s.block + s.acc, 8);
  return config_of(&s, text, size);
}

vtac_config *accelerator_small(Trial *trial) {
  char text[400];
  vtac_config *config = NULL;
  for (int tries = 0; !config && tries < 30; tries++)
    config = any_small(&trial->choices, text, sizeof text);
  if (!config) return accelerator(0, NULL);
  trial_note(trial, "accelerator %s\n", text);
  return config;
}

vtac_config *accelerator_random(Trial *trial) {
  Choices *c = &trial->choices;
  vtac_error error;
  int number = choose(c, 2 * ACCELERATORS);
  char text[400];
  vtac_config *config = NULL;
  if (number < ACCELERATORS) {
    trial_note(trial, "accelerator %s\n", known[number].name);
    config = accelerator(number, &error);
    if (!config) trial_wrong(trial, "%s", error.message);
    return config;
  }
  for (int tries = 0; !config && tries < 30; tries++)
    config = any(c, text, sizeof text);
  if (!config) return accelerator(0, NULL);
  trial_note(trial, "accelerator %s\n", text);
  return config;
}

void accelerator_judge(Trial *trial, vtac_config *config,
                       void (*judge)(Trial *trial, const vtac_config *config,
                                     vtac_context *context)) {
  if (!config) return;
  vtac_context *context = vtac_context_new(config, NULL);
  judge(trial, config, context);
  vtac_context_free(context);
  vtac_config_free(config);
}
