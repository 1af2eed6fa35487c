/* SPDX-License-Identifier: Apache-2.0 */
/* Notes in calls and pragmas that say which stage of the schedule they work
 * for. */
#include <string.h>

#include "ir/make.h"
#include "ir/traverse.h"

typedef struct Noter {
  Rewriter rw;
  const char *stage;
} Noter;

static const Stmt *note_call(Rewriter *rw, const Stmt *stmt) {
  const Call *call = as_call(AS(Evaluate, stmt)->value);
  if (!call || call->stage) return stmt;
  Call *noted = arena_copy(rw->arena, call, sizeof *noted);
  noted->stage = ((Noter *)rw)->stage;
  return make_evaluate(rw->arena, &noted->e);
}

static const Stmt *note_attr(Rewriter *rw, const Stmt *stmt) {
  const Attr *attr = AS(Attr, stmt);
  const Stmt *body = rewrite_stmt(rw, attr->body);
  if (attr->stage || strncmp(attr->key, "pragma_", 7) != 0)
    return with_body(rw->arena, stmt, body);
  Attr *noted = arena_copy(rw->arena, attr, sizeof *noted);
  noted->body = body;
  noted->s.has |= body->has;
  noted->stage = ((Noter *)rw)->stage;
  return &noted->s;
}

const Stmt *note_stage(Arena *arena, const Stmt *stmt, const char *stage) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [ATTR] = note_attr, [EVALUATE] = note_call};
  Noter noter = {REWRITER(arena, NULL, stmts), stage};
  return rewrite_stmt(&noter.rw, stmt);
}
