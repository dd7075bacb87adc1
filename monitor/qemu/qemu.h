/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* QEMU as the monitor: one QEMU and one virtiofsd for each directory, started, wired and ended
 * here.
 *
 * The guest gets what it shall run in its initial RAM disk (abi/boot.h, the bundle). Its streams
 * are ports of a virtio-console, each a pair of sockets whose other end is relayed here. Nothing
 * has a name in the file system: programs and sockets are passed as descriptors, so nothing can be
 * left behind. Children die with this process. */
#ifndef MONITOR_QEMU_QEMU_H
#define MONITOR_QEMU_QEMU_H

#include "monitor/kvm/vm.h"

struct qemu_board {
  const char *arch;
  const char *program;
  const char *package;
  const char *machine;
  const char *processor;
  uint32_t device_max;
  bool flat; /* QEMU gives RAM disks to flat images only, not to ELF files */
  const char *end_option[2];
};

/* NULL: there is none for this architecture. */
const struct qemu_board *qemu_find_board(const char *arch);
/* The n-th; NULL behind the last. */
const struct qemu_board *qemu_board(size_t index);

enum qemu_cache { QEMU_CACHE_AUTO, QEMU_CACHE_NONE, QEMU_CACHE_ALWAYS };

struct qemu_directory {
  const char *host;
  const char *guest;
  bool read_only;
  enum qemu_cache cache;
};

struct qemu_config {
  const struct qemu_board *board;
  const char *qemu;      /* path of the program */
  const char *virtiofsd; /* likewise; NULL or empty: there is none */
  bool use_kvm;
  const struct vm_config *program;
  const struct image *image;
  const struct qemu_directory *directories;
  size_t directory_count;
  int stdio[3];
};

/* Runs until the VM has ended. `result` as from vm_run; `setup_us`: how long it took to start all.
 */
void qemu_run(const struct qemu_config *config, struct signals *signals, struct vm_result *result);

/* ---- Between the files of this folder ---- */

#define QEMU_MAX_DIRECTORIES (ABI_MAX_DEVICES - 2)
#define QEMU_TEXT_MAX 8192u /* firmware, too, talks on the serial console */

struct qemu_child {
  pid_t pid; /* 0: not running */
  int pidfd; /* readable when it has ended */
  int said;  /* what it prints; -1: nobody listens */
};

/* One direction of bytes, from one descriptor to another. */
struct qemu_relay {
  int from, to; /* -1: closed */
  uint32_t start, end;
  uint8_t bytes[4096];
};

enum { QEMU_STDIN, QEMU_STDOUT, QEMU_STDERR, QEMU_REPORT, QEMU_SERIAL, QEMU_CHANNELS };

struct qemu_vm {
  const struct qemu_config *config;
  const struct signals *signals;
  struct vm_result *result;
  int image; /* memory files for QEMU */
  int bundle;
  int channels[QEMU_CHANNELS];             /* our ends */
  int ends[QEMU_CHANNELS];                 /* QEMU's */
  int share_sockets[QEMU_MAX_DIRECTORIES]; /* connected to the virtiofsds, for QEMU */
  struct qemu_child qemu;
  struct qemu_child shares[QEMU_MAX_DIRECTORIES];
  struct qemu_relay relays[3];
  struct abi_virt_report report;
  uint32_t report_bytes;
  char serial[QEMU_TEXT_MAX]; /* what came on the serial console, and on QEMU's standard error */
  uint32_t serial_bytes;
  char said[QEMU_TEXT_MAX];
  uint32_t said_bytes;
};

/* Sets result->text; returns false. */
bool qemu_fail(struct qemu_vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* children.c: descriptors in `keep` are all that a child inherits beside its streams, which are
 * /dev/null, and `said` for output. `prepare` runs in the child before exec; what it returns, if
 * not NULL, is said and ends it. */
struct qemu_start {
  const char *const *arguments; /* [0] is the program's path */
  const int *keep;
  size_t keep_count;
  const char *(*prepare)(const void *context);
  const void *context;
};
bool qemu_start_child(struct qemu_vm *vm, struct qemu_child *child, const struct qemu_start *start);
/* Lets it end by itself for so long, then kills it. Returns its wait status, -1: it never ran. */
int qemu_end_child(struct qemu_child *child, int patience_ms);

bool qemu_write_bundle(struct qemu_vm *vm);  /* bundle.c */
bool qemu_start_shares(struct qemu_vm *vm);  /* shares.c */
bool qemu_start_machine(struct qemu_vm *vm); /* machine.c */
void qemu_relay(struct qemu_vm *vm);         /* relay.c: until QEMU ends, or it is to be ended */
void qemu_blame_share(struct qemu_vm *vm, size_t index);
void qemu_drain(struct qemu_vm *vm); /* when it has been */

#endif
