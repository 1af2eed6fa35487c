/* SPDX-License-Identifier: Apache-2.0 */
/* The intermediate representation.
 *
 * Nodes are immutable once built and live in an arena.  Expressions and
 * statements are distinct C types that start with a header (Expr, Stmt); the
 * header's kind says which struct follows (nodes.def).  Variables, buffers,
 * iteration variables and tensors compare by identity, all else by structure
 * (expr_equal).  A rewrite that changes nothing returns the same pointer. */
#ifndef IR_IR_H
#define IR_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ptrmap.h"
#include "ir/type.h"

typedef enum ExprKind {
#define EXPR(kind, layout, name) kind,
#include "ir/nodes.def"
  EXPR_KINDS
} ExprKind;

typedef enum StmtKind {
#define STMT(kind, layout, name) kind,
#include "ir/nodes.def"
  STMT_KINDS
} StmtKind;

typedef enum Effect { /* ordered: an expression has that of its worst node */
                      EFFECT_ANNOTATION,
                      EFFECT_PURE,
                      EFFECT_READS,
                      EFFECT_OPAQUE
} Effect;

typedef enum Op {
#define OP(id, name, effect) OP_##id,
#include "ir/ops.def"
#undef OP
  OPS
} Op;

const char *op_name(Op op);
Effect op_effect(Op op);
const char *expr_kind_name(ExprKind kind);
const char *stmt_kind_name(StmtKind kind);

/* The labels of all binary operators in a switch over ExprKind. */
#define CASE_BINARY \
  case ADD:         \
  case SUB:         \
  case MUL:         \
  case DIV:         \
  case MOD:         \
  case FLOORDIV:    \
  case FLOORMOD:    \
  case MIN:         \
  case MAX:         \
  case EQ:          \
  case NE:          \
  case LT:          \
  case LE:          \
  case GT:          \
  case GE:          \
  case AND:         \
  case OR

/* ---- Expressions -------------------------------------------------------- */

/* A node notes which kinds stand in it, itself included, so that a traversal
 * passes over what it has no business with: a bit for each kind, but one for
 * sums and products and one for the other binary operators. */
static inline uint32_t expr_bit(unsigned kind) {
  if (kind > OR)
    kind -= OR - (ADD + 1);
  else if (kind > MUL)
    kind = ADD + 1;
  else if (kind > ADD)
    kind = ADD;
  return 1u << kind;
}
static inline uint32_t stmt_bit(unsigned kind) { return 1u << (16 + kind); }

typedef struct Expr {
  uint8_t kind; /* ExprKind */
  DType type;
  uint16_t has; /* expr_bit of what stands in it */
} Expr;

/* A variable: a scalar of type `e.type`, or, when `scope` is not NULL, a
 * pointer (e.type is HANDLE) to `element`s in that storage scope ("" while
 * it is not yet decided). */
typedef struct Var {
  Expr e;
  DType element;
  const char *hint, *scope;
} Var;

typedef struct IntImm {
  Expr e;
  int64_t value;
} IntImm;

typedef struct FloatImm {
  Expr e;
  double value;
} FloatImm;

typedef struct StringImm {
  Expr e; /* HANDLE */
  const char *value;
} StringImm;

typedef struct Unary {
  Expr e;
  const Expr *a;
} Unary;

typedef struct Binary {
  Expr e;
  const Expr *a, *b;
} Binary;

typedef struct Select {
  Expr e;
  const Expr *condition, *if_true, *if_false;
} Select;

typedef struct Call {
  Expr e;
  Op op;
  int n;
  const Expr *const *arg;
  /* The stage of the schedule whose work it is, or NULL: a note that is
   * neither printed nor compared. */
  const char *stage;
} Call;

typedef struct Buffer Buffer;

typedef struct Load {
  Expr e;
  const Buffer *buffer;
  int n;
  const Expr *const *index;
} Load;

typedef struct Let {
  Expr e;
  const Var *var;
  const Expr *value, *body;
} Let;

typedef struct Ramp {
  Expr e;
  const Expr *base, *stride;
} Ramp;

typedef struct Broadcast {
  Expr e;
  const Expr *value;
} Broadcast;

typedef struct Range {
  const Expr *min, *extent; /* both NULL: not known */
} Range;

typedef enum IterType { /* the names printed are in iter_type_name */
                        ITER_DATA_PAR,
                        ITER_THREAD_INDEX,
                        ITER_COMM_REDUCE,
                        ITER_ORDERED,
                        ITER_OPAQUE,
                        ITER_UNROLLED,
                        ITER_VECTORIZED,
                        ITER_PARALLELIZED,
                        ITER_TENSORIZED
} IterType;

/* An iteration variable: a variable, its domain and how it may be run. */
typedef struct IterVar {
  Range dom; /* NULLs while bound inference has not run */
  const Var *var;
  IterType type;
  const char *thread_tag; /* "" unless THREAD_INDEX */
} IterVar;

const char *iter_type_name(IterType type);

typedef enum Combiner { COMBINE_SUM, COMBINE_MAX, COMBINE_MIN } Combiner;

typedef struct Reduce {
  Expr e;
  Combiner combiner;
  const Expr *source;
  int n;
  const IterVar *const *axis;
  const Expr *condition; /* true unless guarded */
} Reduce;

/* ---- Buffers ------------------------------------------------------------ */

struct Tensor; /* te/te.h */

/* A typed, shaped view of memory.  Several buffers may share one data var. */
struct Buffer {
  const Var *data;
  DType type;
  const char *name;
  int n;
  const Expr *const *shape;
  const Expr *const *stride; /* n of them, or NULL: compact, row major */
  const Expr *elem_offset;   /* constant 0 unless a view */
  int align;                 /* in bytes as printed; 128 is the default */
  int offset_factor;         /* 1 is the default */
  /* The tensor this buffer stands for while the program is still a graph of
   * expressions; NULL in statements after buffers have been decided. */
  const struct Tensor *tensor;
};

/* The storage scope of a buffer's data; "global" where none is given. */
const char *buffer_scope(const Buffer *buffer);

/* ---- Statements --------------------------------------------------------- */

typedef struct Stmt {
  uint8_t kind; /* StmtKind */
  uint32_t has; /* stmt_bit and expr_bit of what stands in it, or more */
} Stmt;

typedef struct LetStmt {
  Stmt s;
  const Var *var;
  const Expr *value;
  const Stmt *body;
} LetStmt;

/* What an attribute hangs on. */
typedef enum AttrOn { ON_ITER, ON_VAR, ON_BUFFER, ON_BUFFER_PAIR } AttrOn;

typedef struct AttrNode {
  AttrOn on;
  const void *first;  /* IterVar, Var or Buffer as `on` says */
  const void *second; /* the target Buffer of ON_BUFFER_PAIR, else NULL */
} AttrNode;

typedef struct Attr {
  Stmt s;
  AttrNode node;
  const char *key; /* "pragma_…", "coproc_scope"…; compare with strcmp */
  const Expr *value;
  const Stmt *body;
  /* Of a pragma: the stage of the schedule that has it, or NULL.  A note that
   * is neither printed nor compared. */
  const char *stage;
} Attr;

typedef enum ForKind {
  FOR_SERIAL,
  FOR_PARALLEL,
  FOR_VECTORIZED,
  FOR_UNROLLED
} ForKind;

typedef struct For {
  Stmt s;
  ForKind kind;
  const Var *var;
  const Expr *min, *extent;
  const Stmt *body;
} For;

typedef struct Allocate {
  Stmt s;
  const Var *var; /* a pointer; its scope says where */
  DType type;
  int n;
  const Expr *const *extent;
  const Expr *condition;
  const Stmt *body;
} Allocate;

typedef struct Store {
  Stmt s;
  const Buffer *buffer;
  const Expr *value;
  int n;
  const Expr *const *index;
} Store;

typedef struct Realize {
  Stmt s;
  const Buffer *buffer;
  const Range *bound; /* buffer->n of them */
  const Expr *condition;
  const Stmt *body;
} Realize;

typedef struct If {
  Stmt s;
  const Expr *condition;
  const Stmt *then_part, *else_part; /* else_part may be NULL */
} If;

typedef struct Seq {
  Stmt s;
  int n;
  const Stmt *const *at;
} Seq;

typedef struct Evaluate {
  Stmt s;
  const Expr *value;
} Evaluate;

typedef struct Assert {
  Stmt s;
  const Expr *condition;
  const char *message;
  const Stmt *body;
} Assert;

/* ---- Functions ---------------------------------------------------------- */

typedef struct Param {
  const Var *var;             /* a handle */
  const Buffer *buffer;       /* what the body accesses */
  const Buffer *preflattened; /* its shape before flattening; NULL before */
} Param;

/* One lowered function; passes map a Func to a Func. */
typedef struct Func {
  const char *name;
  int n;
  const Param *param;
  const Stmt *body;
} Func;

/* ---- Downcasts ---------------------------------------------------------- */

/* as_X(e) is the node as an X, or NULL when it is none.  AS(X, e) does not
 * ask: the caller has looked at the kind. */
#define AS(T, node) ((const T *)(node))
#define IR_DOWNCAST_EXPR(name, KIND, T)                \
  static inline const T *as_##name(const Expr *e) {    \
    return e && e->kind == KIND ? (const T *)e : NULL; \
  }
#define IR_DOWNCAST_STMT(name, KIND, T)                \
  static inline const T *as_##name(const Stmt *s) {    \
    return s && s->kind == KIND ? (const T *)s : NULL; \
  }
IR_DOWNCAST_EXPR(var, VAR, Var)
IR_DOWNCAST_EXPR(int, INT, IntImm)
IR_DOWNCAST_EXPR(float, FLOAT, FloatImm)
IR_DOWNCAST_EXPR(string, STRING, StringImm)
IR_DOWNCAST_EXPR(cast, CAST, Unary)
IR_DOWNCAST_EXPR(not, NOT, Unary)
IR_DOWNCAST_EXPR(select, SELECT, Select)
IR_DOWNCAST_EXPR(call, CALL, Call)
IR_DOWNCAST_EXPR(load, LOAD, Load)
IR_DOWNCAST_EXPR(reduce, REDUCE, Reduce)
IR_DOWNCAST_EXPR(let, LET, Let)
IR_DOWNCAST_EXPR(ramp, RAMP, Ramp)
IR_DOWNCAST_EXPR(broadcast, BROADCAST, Broadcast)
IR_DOWNCAST_STMT(let_stmt, LET_STMT, LetStmt)
IR_DOWNCAST_STMT(attr, ATTR, Attr)
IR_DOWNCAST_STMT(for, FOR, For)
IR_DOWNCAST_STMT(allocate, ALLOCATE, Allocate)
IR_DOWNCAST_STMT(store, STORE, Store)
IR_DOWNCAST_STMT(realize, REALIZE, Realize)
IR_DOWNCAST_STMT(if, IF, If)
IR_DOWNCAST_STMT(seq, SEQ, Seq)
IR_DOWNCAST_STMT(evaluate, EVALUATE, Evaluate)
IR_DOWNCAST_STMT(assert, ASSERT, Assert)

/* A variable or a constant. */
static inline bool is_atom(const Expr *e) { return e->kind <= STRING; }
static inline bool is_binary(const Expr *e) {
  return e->kind >= ADD && e->kind <= OR;
}
static inline bool is_comparison(const Expr *e) {
  return e->kind >= EQ && e->kind <= GE;
}
/* The call's node if `e` calls `op`, else NULL. */
static inline const Call *as_call_of(const Expr *e, Op op) {
  const Call *call = as_call(e);
  return call && call->op == op ? call : NULL;
}
/* Is `e` the integer (or boolean) constant `value`? */
static inline bool is_const(const Expr *e, int64_t value) {
  const IntImm *imm = as_int(e);
  return imm && imm->value == value;
}

#endif
