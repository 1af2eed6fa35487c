/* SPDX-License-Identifier: Apache-2.0 */
/* A server against a client that follows a script: every kind of request, byte
 * by byte as the protocol has it, and the bytes that come back.
 *
 * A script names handles by letters: "<a" in an answer takes eight bytes and
 * remembers them, ">a" in a request stands for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/rpc_kit.h"

enum { MOST_BYTES = 4096, HANDLE_BYTES = 8 };

typedef struct Exchange {
  const char *request, *answer;
} Exchange;

typedef struct Client {
  int fd;
  bool dribble; /* every byte in a segment of its own */
  uint8_t handle[26][HANDLE_BYTES];
} Client;

/* ---- Bytes -------------------------------------------------------------- */

static bool is_digit(char c) { return c && strchr("0123456789ABCDEF", c); }

static uint8_t hex_byte(const char *at) {
  const char pair[] = {at[0], at[1], 0};
  return (uint8_t)strtoul(pair, NULL, 16);
}

static size_t make_request(const Client *client, const char *hex,
                           uint8_t *ret) {
  size_t n = 0;
  for (; *hex; hex++) {
    if (*hex == '>') {
      memcpy(ret + n, client->handle[*++hex - 'a'], HANDLE_BYTES);
      n += HANDLE_BYTES;
    } else if (is_digit(*hex)) {
      ret[n++] = hex_byte(hex++);
    }
  }
  return n;
}

static void send_all(const Client *client, const uint8_t *bytes, size_t n) {
  const size_t piece = client->dribble ? 1 : n;
  for (size_t done = 0; done < n; done += piece) {
    assert_int_equal(write(client->fd, bytes + done, piece), piece);
    if (client->dribble) usleep(100);
  }
}

static void receive(const Client *client, uint8_t *to, size_t n) {
  for (size_t done = 0; done < n;) {
    ssize_t got = read(client->fd, to + done, n - done);
    if (got <= 0) fail_msg("the server closes after %zu of %zu bytes", done, n);
    done += (size_t)got;
  }
}

/* Compares what comes with what is to come. */
static void check_answer(Client *client, int number, const char *hex) {
  for (; *hex; hex++) {
    uint8_t byte;
    if (*hex == '<') {
      receive(client, client->handle[*++hex - 'a'], HANDLE_BYTES);
    } else if (is_digit(*hex)) {
      receive(client, &byte, 1);
      if (byte != hex_byte(hex))
        fail_msg("answer %d has %02X where %s should follow", number, byte,
                 hex);
      hex++;
    }
  }
}

static void play(int port, const Exchange *script, bool dribble) {
  Client client = {.fd = kit_connect(port), .dribble = dribble};
  uint8_t bytes[MOST_BYTES];
  assert_true(client.fd >= 0);
  for (int i = 0; script[i].request; i++) {
    send_all(&client, bytes, make_request(&client, script[i].request, bytes));
    check_answer(&client, i, script[i].answer);
  }
  assert_int_equal(read(client.fd, bytes, 1), 0); /* the server has closed */
  close(client.fd);
}

/* ---- The script --------------------------------------------------------- */

#define ZERO8 "0000000000000000"
#define VOID "0C00000000000000 04000000 01000000 04000000"
#define HANDLE(h) "1400000000000000 04000000 01000000 03000000" h
#define INTEGER(v) "1400000000000000 04000000 01000000 00000000" v
#define NO_RESULT \
  "1800000000000000 04000000 02000000 00000000 04000000 0400000000000000"
#define FIND(length, name) \
  length "00000000000000 09000000 01000000 0B000000" name
#define ON_DEVICE(opcode, value) \
  "2000000000000000" opcode "000000 02000000 06000000" value
#define EXT_DEV "0C000000 00000000"
#define TENSOR EXT_DEV "01000000 00080100 0400000000000000"

static const Exchange script[] = {
    {"71F20F00 07000000 636C69656E743A", "71F20F00 07000000 7365727665723A"},
    {"1500000000000000 02000000 0500000000000000 302E382E30 00000000", VOID},
    /* A packet of length zero, then the size query, which this server knows. */
    {ZERO8 FIND("36",
                "2200000000000000"
                "74766D2E7270632E7365727665722E4765744352544D61785061636B"
                "657453697A65"),
     HANDLE("<p")},
    {"1000000000000000 03000000 >p 00000000",
     "2000000000000000 04000000 02000000 00000000 00000000" ZERO8
     "0000001000000000"},
    /* Files. */
    {FIND("29",
          "1500000000000000"
          "74766D2E7270632E7365727665722E75706C6F6164"),
     HANDLE("<u")},
    {"3200000000000000 03000000 >u 02000000 0B000000 0C000000"
     "0600000000000000 67656D6D2E6F 0400000000000000 7F454C46",
     NO_RESULT},
    {FIND("2B",
          "1700000000000000"
          "74766D2E7270632E7365727665722E646F776E6C6F6164"),
     HANDLE("<d")},
    {"2200000000000000 03000000 >d 01000000 0B000000"
     "0600000000000000 67656D6D2E6F",
     "2400000000000000 04000000 02000000 00000000 0C000000 0C00000000000000"
     "0400000000000000 7F454C46"},
    /* No such function. */
    {FIND("15", "0100000000000000 66"), HANDLE(ZERO8)},
    /* Devices and streams. */
    {ON_DEVICE("0C", "00000000" EXT_DEV ZERO8), INTEGER("0100000000000000")},
    {ON_DEVICE("0C", "00000000 02000000 00000000" ZERO8), INTEGER(ZERO8)},
    {"1400000000000000 0B000000 01000000 06000000" EXT_DEV, VOID},
    {"1400000000000000 12000000 01000000 06000000" EXT_DEV, HANDLE("<s")},
    {ON_DEVICE("14", "03000000" EXT_DEV ">s"), VOID},
    {ON_DEVICE("0F", "03000000" EXT_DEV ">s"), VOID},
    {ON_DEVICE("13", "03000000" EXT_DEV ">s"), VOID},
    /* Memory: both ways to get it, copies, what is given back. */
    {"3800000000000000 11000000 02000000 07000000 04000000" ZERO8 TENSOR ZERO8,
     HANDLE("<a")},
    {"3800000000000000 0D000000 04000000 06000000 00000000 00000000 "
     "05000000" EXT_DEV "0400000000000000 4000000000000000 00080100 00000000",
     HANDLE("<b")},
    {"3800000000000000 07000000 >a" TENSOR ZERO8 "0400000000000000 01020304",
     VOID},
    {"3600000000000000 07000000 >a" TENSOR
     "0100000000000000 0200000000000000 0908",
     VOID},
    {"6C00000000000000 10000000 03000000 07000000 07000000 03000000"
     ">a" TENSOR ZERO8 ">b" TENSOR ZERO8 ZERO8,
     VOID},
    {"3400000000000000 06000000 >b" TENSOR ZERO8 "0400000000000000",
     "0800000000000000 08000000 01090804"},
    {ON_DEVICE("0E", "03000000" EXT_DEV ">a"), VOID},
    {ON_DEVICE("0E", "03000000" EXT_DEV ">b"), VOID},
    {"2000000000000000 0A000000 02000000 03000000 00000000 >u"
     "0A00000000000000",
     VOID},
    {"0400000000000000 01000000", ""},
    {NULL, NULL}};

static void replay(bool dribble) {
  vtac_rpc_server_options options = kit_options();
  TestServer server;
  options.limits.packet_seconds = 30;
  kit_start(&server, &options);
  play(server.port, script, dribble);
  kit_stop(&server);
}

static void whole_packets(void **state) {
  (void)state;
  replay(false);
}

static void byte_by_byte(void **state) {
  (void)state;
  replay(true);
}

/* Everything up to the first handle, in one segment. */
static void all_at_once(void **state) {
  static const Exchange merged[] = {
      {"71F20F00 07000000 636C69656E743A"
       "1500000000000000 02000000 0500000000000000 302E382E30 00000000" ZERO8
           ON_DEVICE("0C", "00000000" EXT_DEV ZERO8)
               FIND("15", "0100000000000000 66") "0400000000000000 01000000",
       "71F20F00 07000000 7365727665723A" VOID INTEGER("0100000000000000")
           HANDLE(ZERO8)},
      {NULL, NULL}};
  vtac_rpc_server_options options = kit_options();
  TestServer server;
  (void)state;
  kit_start(&server, &options);
  play(server.port, merged, false);
  kit_stop(&server);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whole_packets),
                                     cmocka_unit_test(byte_by_byte),
                                     cmocka_unit_test(all_at_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
