/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas, growing arrays, texts, maps and diagnostics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ptrmap.h"
#include "base/strbuf.h"
#include "base/trap.h"
#include "base/vec.h"

static Trap trap;
static Arena arena;

/* cmocka has a macro of the same name. */
static void fail_here(void) { fail(&arena, D_ARGUMENT, "number %d", 7); }

#include <cmocka.h>

static int set_up(void **state) {
  (void)state;
  arena_init(&arena, &trap);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_clear(&arena);
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void arenas_align_and_zero(void **state) {
  (void)state;
  for (size_t size = 0; size < 100; size++) {
    char *at = arena_calloc(&arena, size, 1);
    assert_non_null(at);
    assert_int_equal((uintptr_t)at % 16, 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(at[i], 0);
  }
}

static void arenas_rewind(void **state) {
  (void)state;
  char *kept = arena_strdup(&arena, "kept");
  ArenaMark mark = arena_mark(&arena);
  char *next = arena.next;
  for (int i = 0; i < 1000; i++) arena_alloc(&arena, 1000);
  arena_rewind(&arena, mark);
  assert_ptr_equal(arena.next, next);
  assert_string_equal(kept, "kept");
}

static void an_arena_too_large_jumps(void **state) {
  (void)state;
  if (!setjmp(trap.here)) {
    arena_calloc(&arena, SIZE_MAX, 2);
    assert_true(false);
  }
  assert_int_equal(trap.diag.status, VTAC_NOMEM);
}

static void failures_jump_with_their_message(void **state) {
  (void)state;
  if (!setjmp(trap.here)) fail_here();
  assert_int_equal(trap.diag.id, D_ARGUMENT);
  assert_string_equal(trap.diag.message, "number 7");
}

static void vectors_grow_insert_and_remove(void **state) {
  (void)state;
  VEC(int) v = {0};
  for (int i = 0; i < 100; i++) vec_push(&arena, &v, i);
  vec_insert(&arena, &v, 50, -1);
  assert_int_equal(v.at[50], -1);
  assert_int_equal(v.at[51], 50);
  vec_remove(&v, 50);
  assert_int_equal(v.n, 100);
  for (int i = 0; i < 100; i++) assert_int_equal(v.at[i], i);
}

static void texts_grow(void **state) {
  (void)state;
  Strbuf text;
  strbuf_init(&text, &arena);
  for (int i = 0; i < 1000; i++) strbuf_printf(&text, "%d,", i % 10);
  strbuf_int(&text, INT64_MIN);
  strbuf_char(&text, '.');
  assert_int_equal(text.length, 2000 + 20 + 1);
  assert_string_equal(text.text + 2000, "-9223372036854775808.");
}

static void maps_keep_the_order_of_insertion(void **state) {
  (void)state;
  enum { KEYS = 500 };
  static char key[KEYS];
  PtrMap map;
  ptrmap_init(&map, &arena);
  for (int i = KEYS - 1; i >= 0; i--) ptrmap_set(&map, &key[i], &key[i]);
  ptrmap_set(&map, &key[7], NULL);
  assert_int_equal(map.n, KEYS);
  for (int i = 0; i < KEYS; i++)
    assert_ptr_equal(map.entry[i].key, &key[KEYS - 1 - i]);
  assert_true(ptrmap_has(&map, &key[7]));
  assert_null(ptrmap_get(&map, &key[7]));
  assert_ptr_equal(ptrmap_get(&map, &key[8]), &key[8]);
  void **place = ptrmap_place(&map, &key[8]);
  assert_ptr_equal(*place, &key[8]);
  *place = &key[9];
  assert_ptr_equal(ptrmap_get(&map, &key[8]), &key[9]);
  ptrmap_clear(&map);
  assert_false(ptrmap_has(&map, &key[8]));
  assert_null(*ptrmap_place(&map, &key[8]));
  assert_true(ptrmap_has(&map, &key[8]));
}

static void names_are_joined(void **state) {
  (void)state;
  assert_string_equal(arena_join(&arena, "a", ".outer"), "a.outer");
  assert_string_equal(arena_join(&arena, "", ""), "");
  assert_string_equal(numbered_name(&arena, "i", 0), "i0");
  assert_string_equal(numbered_name(&arena, "v_", 4294967295u), "v_4294967295");
}

static void every_diagnostic_has_a_name_of_its_own(void **state) {
  (void)state;
  for (int a = D_NONE + 1; a < D_COUNT; a++) {
    assert_int_not_equal(diag_status((DiagId)a), VTAC_OK);
    for (int b = a + 1; b < D_COUNT; b++)
      assert_string_not_equal(diag_slug((DiagId)a), diag_slug((DiagId)b));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(arenas_align_and_zero),
      TEST(arenas_rewind),
      TEST(an_arena_too_large_jumps),
      TEST(failures_jump_with_their_message),
      TEST(vectors_grow_insert_and_remove),
      TEST(texts_grow),
      TEST(maps_keep_the_order_of_insertion),
      TEST(names_are_joined),
      TEST(every_diagnostic_has_a_name_of_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
