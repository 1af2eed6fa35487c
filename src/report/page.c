/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the page: the parts before the events when it is opened, the events
 * as they come, the rest at the end. */
#include "report/page.h"

#include <string.h>

#include "report/page_parts.h"
#include "report/page_tables.h"
#include "report/roofline.h"
#include "report/svg.h"

vtac_status page_open(Page *page, const HwConfig *config, const char *path,
                      const char *title, Diag *diag) {
  *page = (Page){.config = config};
  vtac_status status = output_open(&page->out, path, diag);
  if (status || !path) return status;
  const PagePart style = page_style(), body = page_body();
  output_text(&page->out,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
              "<meta charset=\"utf-8\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\""
              "default-src 'none'; script-src 'unsafe-inline'; style-src "
              "'unsafe-inline'; img-src data:\">\n"
              "<meta name=\"viewport\" content=\"width=device-width\">\n"
              "<link rel=\"icon\" href=\"data:,\">\n<title>");
  output_escaped(&page->out, title);
  output_text(&page->out, "</title>\n<style>\n");
  output_bytes(&page->out, style.bytes, style.size);
  output_text(&page->out, "</style>\n</head>\n<body>\n");
  output_bytes(&page->out, body.bytes, body.size);
  output_text(&page->out, "<script type=\"text/plain\" id=\"events\">");
  return VTAC_OK;
}

/* ---- Events ------------------------------------------------------------- */

enum { NUMBER_MAX = 10, EVENT_MAX = 1 + 5 * NUMBER_MAX };

typedef struct Record {
  uint8_t bytes[EVENT_MAX];
  size_t size;
} Record;

static Record record(unsigned tag) { return (Record){{(uint8_t)tag}, 1}; }

static void add_number(Record *to, uint64_t number) {
  for (; number >= 0x80; number >>= 7)
    to->bytes[to->size++] = (uint8_t)(number | 0x80);
  to->bytes[to->size++] = (uint8_t)number;
}

static void add_difference(Record *to, uint64_t a, uint64_t b) {
  add_number(to, a >= b ? (a - b) << 1 : ((b - a) << 1) - 1);
}

static void write_record(Page *page, const Record *from) {
  output_base64(&page->out, from->bytes, from->size);
}

void page_run(Page *page, const Insn *insns, uint32_t count) {
  if (!page->out.file) return;
  Record head = record(PAGE_RUN);
  page->first += page->count;
  page->count = count;
  add_number(&head, count);
  write_record(page, &head);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2] = {0, 0};
    uint8_t bytes[HW_INSN_BYTES];
    hw_encode(page->config, &insns[i], word, NULL);
    hw_insn_write(word, bytes);
    output_base64(&page->out, bytes, sizeof bytes);
  }
}

_Static_assert(TSIM_UNITS *TSIM_CAUSES <= PAGE_INSN, "a span is one byte");

void page_span(Page *page, const TsimSpan *span) {
  if (!page->out.file) return;
  Record to = record((unsigned)span->unit * TSIM_CAUSES + span->cause);
  add_number(&to, span->end - span->begin);
  write_record(page, &to);
}

void page_insn(Page *page, const InsnEvent *insn) {
  if (!page->out.file) return;
  Record to = record((unsigned)PAGE_INSN | insn->unit);
  add_number(&to, page->first + insn->index);
  add_difference(&to, insn->start, page->end[insn->unit]);
  add_difference(&to, insn->start, insn->visible);
  add_number(&to, insn->end - insn->start);
  add_number(&to, insn->line);
  write_record(page, &to);
  page->end[insn->unit] = insn->end;
}

void page_token(Page *page, const TokenEvent *token) {
  if (!page->out.file) return;
  Record to =
      record((unsigned)(token->taken ? PAGE_TAKE : PAGE_POST) | token->token);
  add_number(&to, page->first + token->insn);
  add_difference(&to, token->cycle, page->token_at);
  write_record(page, &to);
  page->token_at = token->cycle;
}

/* ---- The end ------------------------------------------------------------ */

/* In the page, ink and paper are the page's. */
static void write_roofline(Page *page, const Summary *summary) {
  const SvgBox box = {50, 30, 560, 270};
  Roofline roofline;
  RooflinePoint point;
  roofline_of(summary, &roofline, &point);
  point.name = "this run";
  svg_begin_inline(&page->out, 640, 350, "Roofline of the run");
  roofline_draw(&page->out, box, &roofline, &point, 1);
  svg_end(&page->out);
}

vtac_status page_close(Page *page, const Summary *summary, Diag *diag) {
  if (!page->out.file) return VTAC_OK;
  output_base64_end(&page->out);
  output_text(&page->out,
              "</script>\n<script type=\"application/json\" id=\"tables\">\n");
  page_tables(&page->out, summary);
  output_text(&page->out, "</script>\n<template id=\"roofline-picture\">\n");
  write_roofline(page, summary);
  output_text(&page->out, "</template>\n<script>\n\"use strict\";\n");
  for (int i = 0; i < PAGE_SCRIPTS; i++) {
    const PagePart part = page_script(i);
    output_bytes(&page->out, part.bytes, part.size);
  }
  output_text(&page->out, "</script>\n</body>\n</html>\n");
  return output_close(&page->out, diag);
}
