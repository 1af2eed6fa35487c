/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a packet, as they arrive.  They are refused with a
 * reason, or say what can be sent again in as many bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/wire.h"

enum { LIMIT = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static RpcPacket packet;

static void need_reason(vtac_status status, const Diag *diag) {
  if (status && (diag->status != status || !diag->message[0])) abort();
}

/* The bytes of a packet's head; 0 if they are refused or too few. */
static size_t arrive(const uint8_t *data, size_t size) {
  size_t have = 0, wanted;
  for (;;) {
    Diag diag = {0};
    vtac_status status = rpc_wanted(data, have, LIMIT, &wanted, &diag);
    need_reason(status, &diag);
    if (status || wanted > LIMIT + RPC_LENGTH_BYTES) return 0;
    if (wanted == have) return have;
    if (wanted < have) abort();
    if (wanted > size) return 0;
    have = wanted;
  }
}

/* As the decoder sees it, the packet's bytes are the only ones of its kind,
 * but for the padding of a data type. */
static void check_again(size_t size) {
  ByteBuf once = {0}, twice = {0};
  Diag diag;
  const RpcOpcode opcode = packet.opcode;
  const size_t raw = packet.data.n;
  if (rpc_encode(&packet, &once, &diag) || once.size != size) abort();
  if (rpc_decode(once.bytes, once.size, &packet, &diag)) abort();
  if (packet.opcode != opcode || packet.data.n != raw) abort();
  if (rpc_encode(&packet, &twice, &diag) || twice.size != size ||
      memcmp(once.bytes, twice.bytes, size))
    abort();
  bytebuf_free(&once);
  bytebuf_free(&twice);
}

static void take_answers(void) {
  RpcValue value;
  Diag diag = {0};
  need_reason(rpc_take_return(&packet, &value, &diag), &diag);
  need_reason(rpc_take_call(&packet, &value, &diag), &diag);
  for (int i = 0; i < packet.n; i++) {
    uint64_t bytes;
    if (packet.arg[i].code == RPC_TENSOR)
      rpc_tensor_size(&packet.arg[i].tensor, &bytes);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Diag diag = {0};
  size_t head = arrive(data, size);
  if (!head) return 0;
  uint8_t *exact = malloc(head); /* so that a sanitizer sees the end */
  if (!exact) abort();
  memcpy(exact, data, head);
  vtac_status status = rpc_decode(exact, head, &packet, &diag);
  need_reason(status, &diag);
  if (!status && packet.opcode != RPC_NONE) {
    take_answers();
    check_again(head);
  }
  free(exact);
  return 0;
}
