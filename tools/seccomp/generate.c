/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Turns monitor/jail/syscalls.def into seccomp programs at build time: C source on stdout.
 *
 * libseccomp does the work here, once, so that the command neither links it nor spends time on it:
 * at run time a program is a constant array. There are two: the second adds what is allowed to
 * monitors with listening sockets.
 *
 * Usage: generate <architecture> [system call...]: those also are allowed (sanitizers need some).
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/filter.h>

#define CONDITIONS_MAX 4

struct rule {
  const char *name;
  const char *arch; /* or NULL: all */
  bool listening;
  unsigned count;
  struct scmp_arg_cmp conditions[CONDITIONS_MAX];
};

/* Requests and flags are 32 bits wide in the kernel; the upper half of the register is not looked
 * at there, so it must not matter here. */
#define EQUAL(argument, value)                                                                     \
  { argument, SCMP_CMP_MASKED_EQ, 0xffffffffu, (uint32_t)(value) }
#define HAS(argument, bits)                                                                        \
  { argument, SCMP_CMP_MASKED_EQ, (uint32_t)(bits), (uint32_t)(bits) }
#define LACKS(argument, bits)                                                                      \
  { argument, SCMP_CMP_MASKED_EQ, (uint32_t)(bits), 0 }
#define CONDITIONS(...) ((struct scmp_arg_cmp[]){__VA_ARGS__})
#define RULE_WHERE(name, arch, listening, ...)                                                     \
  {#name,                                                                                          \
   arch,                                                                                           \
   listening,                                                                                      \
   sizeof CONDITIONS(__VA_ARGS__) / sizeof(struct scmp_arg_cmp),                                   \
   {__VA_ARGS__}},
#define ALLOW(name, why) {#name, NULL, false, 0, {{0}}},
#define ALLOW_WHERE(name, why, ...) RULE_WHERE(name, NULL, false, __VA_ARGS__)
#define ALLOW_ON(arch, name, why, ...) RULE_WHERE(name, #arch, false, __VA_ARGS__)
#define ALLOW_LISTENING(name, why) {#name, NULL, true, 0, {{0}}},
#define ALLOW_LISTENING_WHERE(name, why, ...) RULE_WHERE(name, NULL, true, __VA_ARGS__)

static const struct rule rules[] = {
#include "monitor/jail/syscalls.def"
};

static void fail(const char *what, const char *which) {
  fprintf(stderr, "seccomp generate: %s: %s\n", what, which);
  exit(1);
}

/* libseccomp takes numbers of the machine it runs on and translates them. */
static void add_rule(scmp_filter_ctx filter, uint32_t arch, const struct rule *rule) {
  int number = seccomp_syscall_resolve_name(rule->name);
  if (number == __NR_SCMP_ERROR)
    fail("no such system call", rule->name);
  if (seccomp_syscall_resolve_name_arch(arch, rule->name) < 0)
    return; /* this architecture never had it */
  if (seccomp_rule_add_exact_array(filter, SCMP_ACT_ALLOW, number, rule->count, rule->conditions) !=
      0)
    fail("cannot express the rule", rule->name);
}

/* A forbidden call raises SIGSYS, whose handler (jail.c) says which call it was and ends the
 * process. A foreign architecture's entry point kills at once: nothing of ours uses it. */
static scmp_filter_ctx make_filter(const char *arch_name, bool listening, int extra_count,
                                   char **extra) {
  uint32_t arch = seccomp_arch_resolve_name(arch_name);
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
  if (arch == 0 || filter == NULL)
    fail("unknown architecture", arch_name);
  if (arch != seccomp_arch_native() &&
      (seccomp_arch_add(filter, arch) != 0 || seccomp_arch_remove(filter, SCMP_ARCH_NATIVE) != 0))
    fail("cannot select the architecture", arch_name);
  /* 2: a binary tree. The kernel runs the program once per system call number when it is loaded. */
  if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
      seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
    fail("libseccomp is too old", arch_name);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if ((listening || !rules[i].listening) &&
        (!rules[i].arch || strcmp(rules[i].arch, arch_name) == 0))
      add_rule(filter, arch, &rules[i]);
  for (int i = 0; i < extra_count; i++)
    add_rule(filter, arch, &(struct rule){.name = extra[i]});
  return filter;
}

static void print_program(scmp_filter_ctx filter, const char *name, const char *arch_name) {
  static struct sock_filter program[BPF_MAXINSNS];
  int file = memfd_create("program", MFD_CLOEXEC);
  if (file < 0 || seccomp_export_bpf(filter, file) != 0)
    fail("cannot export the program", arch_name);
  ssize_t bytes = pread(file, program, sizeof program, 0);
  if (bytes <= 0 || (size_t)bytes >= sizeof program || (size_t)bytes % sizeof *program != 0)
    fail("the exported program has a strange size", arch_name);
  printf("\nconst struct sock_filter %s[] = {\n", name);
  for (size_t i = 0; i < (size_t)bytes / sizeof *program; i++)
    printf("    {0x%02x, %u, %u, 0x%08x},\n", program[i].code, program[i].jt, program[i].jf,
           program[i].k);
  printf("};\nconst unsigned short %s_length = %zu;\n", name, (size_t)bytes / sizeof *program);
  close(file);
}

int main(int argc, char **argv) {
  if (argc < 2)
    fail("usage", "generate <architecture> [system call...]");
  printf("/* Made from monitor/jail/syscalls.def for %s. */\n", argv[1]);
  printf("#include \"monitor/jail/parts.h\"\n");
  for (int listening = 0; listening < 2; listening++) {
    scmp_filter_ctx filter = make_filter(argv[1], listening, argc - 2, argv + 2);
    print_program(filter, listening ? "jail_filter_listening" : "jail_filter", argv[1]);
    seccomp_release(filter);
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
