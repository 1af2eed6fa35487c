/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of an emulated board's registers. */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include "support/emulated_board.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board/design.h"
#include "fsim/fsim.h"
#include "hw/insn.h"

#define UDMABUF "sys/class/u-dma-buf/udmabuf0/"
#define MANAGER "sys/class/fpga_manager/fpga0/"

enum {
  HLS_WINDOW = 0x43C00000,
  CHISEL_WINDOW = 0x44A00000,
  SYSTEM_REGISTERS = 0xF8000000, /* of a Zynq-7000 */
  UNLOCK = 0x008,
  UNLOCK_KEY = 0xDF0D,
  FPGA_RESET = 0x240,
  RUBBISH = 0xDEADBEEF,
  DEFAULT_MEMORY = 8 << 20,
  PATH_SIZE = 512
};

/* ---- The folder --------------------------------------------------------- */

static size_t memory_of(const EmulatedBoard *board) {
  return board->memory ? board->memory : DEFAULT_MEMORY;
}

static bool write_text(const char *dir, const char *name, const char *text) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *file = fopen(path, "w");
  if (!file) return false;
  bool good = fputs(text, file) >= 0;
  return fclose(file) == 0 && good;
}

static bool make_sparse(const char *dir, const char *name, off_t size) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) return false;
  bool good = ftruncate(fd, size) == 0;
  return close(fd) == 0 && good;
}

static bool make_folders(const char *dir) {
  static const char *const names[] = {"dev",
                                      "lib",
                                      "lib/firmware",
                                      "sys",
                                      "sys/class",
                                      "sys/class/u-dma-buf",
                                      "sys/class/u-dma-buf/udmabuf0",
                                      "sys/class/fpga_manager",
                                      "sys/class/fpga_manager/fpga0"};
  char path[PATH_SIZE];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    if (mkdir(path, 0700)) return false;
  }
  return true;
}

static bool make_attributes(const EmulatedBoard *board, const char *dir) {
  char size[32], address[32];
  snprintf(size, sizeof size, "%zu\n", memory_of(board));
  snprintf(address, sizeof address, "0x%08x\n", EMULATED_MEMORY);
  return write_text(dir, UDMABUF "size", size) &&
         write_text(dir, UDMABUF "phys_addr", address) &&
         write_text(dir, UDMABUF "sync_for_device", "") &&
         write_text(dir, UDMABUF "sync_for_cpu", "") &&
         write_text(dir, MANAGER "state", "operating\n") &&
         write_text(dir, MANAGER "flags", "") &&
         write_text(dir, MANAGER "firmware", "");
}

static bool make_description(const EmulatedBoard *board, const char *dir) {
  char text[1024];
  snprintf(text, sizeof text,
           "{\"preset\": \"pynq\", \"root\": \"%s\", \"design\": \"%s\", "
           "\"registers\": \"0x%x\", \"dma_offset\": %d, \"dma\": \"%s\", "
           "\"dma_size\": %zu, \"cache\": \"%s\"%s}\n",
           dir, board->chisel ? "chisel" : "hls",
           board->chisel ? CHISEL_WINDOW : HLS_WINDOW,
           board->chisel ? EMULATED_OFFSET : 0,
           board->dma ? board->dma : "udmabuf0", memory_of(board),
           board->cache ? board->cache : "coherent",
           board->more ? board->more : "");
  return write_text(dir, "board.json", text);
}

bool emulated_board_make(const EmulatedBoard *board, const char *dir) {
  return make_folders(dir) && make_attributes(board, dir) &&
         make_sparse(dir, "dev/mem", (off_t)1 << 32) &&
         make_sparse(dir, "dev/udmabuf0", (off_t)memory_of(board)) &&
         make_description(board, dir) && write_text(dir, "log", "");
}

static int remove_one(const char *path, const struct stat *info, int flag,
                      struct FTW *ftw) {
  (void)info;
  (void)flag;
  (void)ftw;
  return remove(path);
}

/* ---- The device --------------------------------------------------------- */

typedef struct Device {
  const EmulatedBoard *board;
  const BoardDesign *design;
  Mmio registers, system;
  uint8_t *shared; /* the contiguous memory */
  size_t size;
  FILE *log, *flushed;
  HwPort *sim;
  HwAddr first, code; /* the simulator's copies of memory and stream */
  uint8_t *memory, *before;
  int runs;
  bool hangs;
} Device;

static _Noreturn void give_up(const char *what) {
  fprintf(stderr, "emulated board: %s\n", what);
  _exit(1);
}

static Mmio map_file(const char *dir, const char *name, off_t at, size_t size) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_RDWR);
  void *map =
      fd < 0 ? MAP_FAILED
             : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
  if (map == MAP_FAILED) give_up(path);
  close(fd);
  return (Mmio){map, map, size};
}

/* Addresses of the simulator's memory start at a page; what lies below the
 * board's memory is a block that nothing touches. */
static void open_simulator(Device *device) {
  const HwAddr base =
      EMULATED_MEMORY + (device->board->chisel ? EMULATED_OFFSET : 0);
  HwAddr hole;
  void *memory;
  Diag diag;
  if (fsim_create(&device->board->config, &device->sim, &diag) ||
      device->sim->ops->alloc(device->sim, base - HW_PAGE_BYTES, &hole,
                              &diag) ||
      device->sim->ops->alloc(device->sim, device->size, &device->first,
                              &diag) ||
      device->sim->ops->host(device->sim, device->first, device->size, &memory,
                             &diag))
    give_up(diag.message);
  if (device->first != base) give_up("the simulator's memory lies elsewhere");
  device->memory = memory;
  device->before = malloc(device->size);
  if (!device->before) give_up("no memory");
}

static FILE *open_file(const char *dir, const char *name, const char *mode) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *file = fopen(path, mode);
  if (!file) give_up(path);
  setbuf(file, NULL);
  return file;
}

static void power_up(Device *device) {
  const BoardDesign *design = device->design;
  for (int i = 0; i < design->register_count; i++)
    mmio_write(&device->registers, design->registers[i].offset, RUBBISH);
  mmio_write(&device->system, UNLOCK, 0);
}

static void clear_control(Device *device) {
  if (device->board->chisel) {
    mmio_write(&device->registers, CHISEL_CONTROL, 0);
    return;
  }
  mmio_write(&device->registers, HLS_COMPUTE_DONE, 0);
  mmio_write(&device->registers, HLS_FETCH_CONTROL, HLS_IDLE);
  mmio_write(&device->registers, HLS_LOAD_CONTROL, HLS_IDLE);
  mmio_write(&device->registers, HLS_COMPUTE_CONTROL, HLS_IDLE);
  mmio_write(&device->registers, HLS_STORE_CONTROL, HLS_IDLE);
}

static void open_device(Device *device, const char *dir) {
  const EmulatedBoard *board = device->board;
  device->design = board_design(board->chisel ? "chisel" : "hls");
  device->size = memory_of(board);
  device->registers =
      map_file(dir, "dev/mem", board->chisel ? CHISEL_WINDOW : HLS_WINDOW,
               device->design->window);
  device->system = map_file(dir, "dev/mem", SYSTEM_REGISTERS, HW_PAGE_BYTES);
  device->shared =
      board->in_mem
          ? map_file(dir, "dev/mem", EMULATED_MEMORY, device->size).map
          : map_file(dir, "dev/udmabuf0", 0, device->size).map;
  device->log = open_file(dir, "log", "a");
  device->flushed = open_file(dir, UDMABUF "sync_for_device", "r");
  open_simulator(device);
  power_up(device);
  clear_control(device);
}

/* ---- Runs --------------------------------------------------------------- */

/* What the device sees of the contiguous memory. */
static void see_memory(Device *device) {
  unsigned long long order;
  if (!device->board->cache || strcmp(device->board->cache, "sync")) {
    memcpy(device->memory, device->shared, device->size);
  } else {
    clearerr(device->flushed);
    while (fscanf(device->flushed, "%llx", &order) == 1) {
      size_t offset = order >> 32, size = order & 0xFFFFFFF0;
      if (!(order & 1) || (order >> 2 & 3) != 1 || size > device->size ||
          offset > device->size - size)
        give_up("an order to flush makes no sense");
      memcpy(device->memory + offset, device->shared + offset, size);
    }
  }
  memcpy(device->before, device->memory, device->size);
}

/* The device writes what it stores, not what lies around it. */
static void show_memory(Device *device) {
  for (size_t i = 0; i < device->size; i++)
    if (device->memory[i] != device->before[i])
      device->shared[i] = device->memory[i];
}

static bool ends(Device *device, HwAddr insns, uint32_t count) {
  uint64_t word[2];
  Insn last;
  size_t at = insns - device->first + (size_t)(count - 1) * HW_INSN_BYTES;
  if (count == 0 || insns < device->first || at >= device->size)
    give_up("the stream lies outside the memory");
  hw_insn_read(device->memory + at, word);
  if (hw_decode(&device->board->config, word, &last, NULL)) return false;
  return last.opcode == HW_OP_FINISH;
}

/* A stream without FINISH goes on in the hardware with the next one; such a
 * one of nothing but NOPs has no effect here. */
static bool execute(Device *device, HwAddr insns, uint32_t count) {
  Diag diag;
  see_memory(device);
  if (!ends(device, insns, count)) return false;
  device->runs++;
  fprintf(device->log, "run %u\n", count);
  if (device->runs == device->board->hang ||
      device->sim->ops->run(device->sim, insns, count, &diag)) {
    device->hangs = true;
    return false;
  }
  show_memory(device);
  return true;
}

static bool all_zero(const Mmio *mmio, const uint32_t *offset, int n) {
  for (int i = 0; i < n; i++)
    if (mmio_read(mmio, offset[i])) return false;
  return true;
}

static bool is_running(const Mmio *mmio, uint32_t control) {
  const uint32_t both = HLS_START | HLS_AUTO_RESTART;
  return (mmio_read(mmio, control) & both) == both;
}

static bool is_started(const Device *device) {
  const Mmio *mmio = &device->registers;
  if (device->board->chisel)
    return mmio_read(mmio, CHISEL_CONTROL) & CHISEL_LAUNCH;
  return mmio_read(mmio, HLS_FETCH_CONTROL) & HLS_START &&
         is_running(mmio, HLS_LOAD_CONTROL) &&
         is_running(mmio, HLS_COMPUTE_CONTROL) &&
         is_running(mmio, HLS_STORE_CONTROL);
}

static void run_hls(Device *device) {
  static const uint32_t bases[] = {HLS_LOAD_INP, HLS_LOAD_WGT, HLS_COMPUTE_UOP,
                                   HLS_COMPUTE_ACC, HLS_STORE_OUT};
  const Mmio *mmio = &device->registers;
  mmio_write(mmio, HLS_FETCH_CONTROL, 0);
  if (!all_zero(mmio, bases, 5)) give_up("a base is not 0");
  bool finished = execute(device, mmio_read(mmio, HLS_FETCH_INSNS),
                          mmio_read(mmio, HLS_FETCH_COUNT));
  if (device->hangs) return;
  mmio_write(mmio, HLS_FETCH_CONTROL, HLS_IDLE);
  mmio_barrier();
  mmio_write(mmio, HLS_COMPUTE_DONE, finished);
}

static void run_chisel(Device *device) {
  static const uint32_t bases[] = {CHISEL_UOP, CHISEL_INP, CHISEL_WGT,
                                   CHISEL_ACC, CHISEL_OUT};
  const Mmio *mmio = &device->registers;
  if (!all_zero(mmio, bases, 5)) give_up("a base is not 0");
  uint32_t count = mmio_read(mmio, CHISEL_COUNT);
  execute(device, mmio_read(mmio, CHISEL_INSNS), count);
  if (device->hangs) return;
  mmio_write(mmio, CHISEL_CYCLES, 10 * count); /* some figure to be read */
  mmio_write(mmio, CHISEL_ACC_WRITES, count);
  mmio_barrier();
  mmio_write(mmio, CHISEL_CONTROL, CHISEL_FINISHED);
}

static void run(Device *device) {
  (device->board->chisel ? run_chisel : run_hls)(device);
}

/* The system registers are unlocked before each reset.  Registers are set only
 * where the driver waits for that: a start may follow a reset at once. */
static void step_reset(Device *device) {
  if (mmio_read(&device->system, UNLOCK) != UNLOCK_KEY ||
      mmio_read(&device->system, FPGA_RESET) & 1)
    return;
  mmio_write(&device->system, UNLOCK, 0);
  device->sim->ops->reset(device->sim);
  fprintf(device->log, "reset\n");
  if (device->hangs) clear_control(device);
  device->hangs = false;
}

/* A start that is seen comes after all resets that are. */
static void play(const EmulatedBoard *board, const char *dir, int ready) {
  Device device = {.board = board};
  open_device(&device, dir);
  if (write(ready, "", 1) != 1) give_up("nobody waits");
  close(ready);
  for (;;) {
    bool started = is_started(&device);
    mmio_barrier();
    step_reset(&device);
    if (started && !device.hangs) run(&device);
    usleep(50);
  }
}

/* ---- The process -------------------------------------------------------- */

pid_t emulated_board_start(const EmulatedBoard *board, const char *dir) {
  int ready[2];
  char byte;
  if (!emulated_board_make(board, dir) || pipe(ready)) return -1;
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    close(ready[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    play(board, dir, ready[1]);
  }
  close(ready[1]);
  if (child > 0 && read(ready[0], &byte, 1) != 1) {
    waitpid(child, NULL, 0);
    child = -1;
  }
  close(ready[0]);
  return child;
}

void emulated_board_stop(pid_t child, const char *dir) {
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
  }
  nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
