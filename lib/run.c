/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* hermit_wasm_run: opens what the module was given, makes the VM, closes the jail, runs. */
#include "lib/run.h"
#include "include/hermit_wasm.h"
#include "lib/under_qemu.h"
#include "monitor/jail/jail.h"
#include "monitor/kvm/vm.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_DEFAULT (4ull << 30)

/* One run, from the call to its result. */
struct run {
  const struct hermit_wasm_config *config;
  struct hermit_wasm_result *result;
  uint64_t started_us;
  int stdio[3];
  int module;
  uint64_t module_length;
  struct image image;
  struct signals signals;
  struct vm vm;
  struct device_host device_host;
  struct jail_directory directories[ABI_MAX_DEVICES];
  size_t directory_count;
  int listeners[HERMIT_WASM_LISTEN_MAX];
};

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static bool fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct run *run, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(run->result->error, sizeof(run->result->error), format, arguments);
  va_end(arguments);
  return false;
}

static void note(const struct run *run, const char *line) {
  if (run->config->verbose && run->config->note)
    run->config->note(run->config->note_context, line);
}

/* ---- What the module is given ---- */

static bool is_host_arch(const char *arch) {
  struct utsname host;
  return !arch || (uname(&host) == 0 && strcmp(arch, host.machine) == 0);
}

static bool check_config(struct run *run) {
  const struct hermit_wasm_config *config = run->config;
  if (!config->module || !*config->module)
    return fail(run, "no module was given");
  if (config->monitor == HERMIT_WASM_MONITOR_KVM && !is_host_arch(config->arch))
    return fail(run, "KVM runs VMs of the host's architecture only, not %s: use --monitor=qemu",
                config->arch);
  if (config->dir_count > ABI_MAX_DEVICES - 3)
    return fail(run, "%zu directories are too many: at most %u", config->dir_count,
                ABI_MAX_DEVICES - 3);
  if (config->listen_count > HERMIT_WASM_LISTEN_MAX)
    return fail(run, "%zu listening sockets are too many: at most %u", config->listen_count,
                HERMIT_WASM_LISTEN_MAX);
  for (size_t i = 0; i < config->dir_count; i++)
    if (config->dirs[i].cache > HERMIT_WASM_CACHE_ALWAYS)
      return fail(run, "the cache mode %d of %s does not exist", (int)config->dirs[i].cache,
                  config->dirs[i].host);
  for (int i = 0; i < 3; i++)
    run->stdio[i] = config->stdio[i];
  if (!config->stdio[0] && !config->stdio[1] && !config->stdio[2])
    for (int i = 0; i < 3; i++)
      run->stdio[i] = i;
  for (int i = 0; i < 3; i++)
    if (fcntl(run->stdio[i], F_GETFD) < 0)
      run->stdio[i] = -1;
  return true;
}

static bool open_module(struct run *run) {
  const char *path = run->config->module;
  struct stat status;
  /* Not to hang on a pipe that nobody writes to: it is refused below. */
  run->module = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (run->module < 0 || fstat(run->module, &status) < 0)
    return fail(run, "cannot open %s: %s", path, strerror(errno));
  if (S_ISDIR(status.st_mode))
    return fail(run, "cannot run %s: it is a directory, not a WebAssembly module", path);
  if (!S_ISREG(status.st_mode))
    return fail(run, "cannot run %s: it is not a regular file", path);
  run->module_length = (uint64_t)status.st_size;
  run->result->stats.module_bytes = run->module_length;
  return true;
}

/* ---- Devices ---- */

static bool add_device(struct run *run, struct device *device, const char *name, const char *what,
                       const char *error) {
  if (!device)
    return fail(run, "cannot provide %s: %s", what, error);
  run->vm.devices[run->vm.device_count++] = (struct vm_device){.device = device, .name = name};
  return true;
}

/* O_RDONLY, not O_PATH: a directory that cannot be read is better refused now than at each use. */
static bool add_directory(struct run *run, const struct hermit_wasm_dir *dir) {
  static const enum fs_cache modes[] = {[HERMIT_WASM_CACHE_AUTO] = FS_CACHE_AUTO,
                                        [HERMIT_WASM_CACHE_NONE] = FS_CACHE_NONE,
                                        [HERMIT_WASM_CACHE_ALWAYS] = FS_CACHE_ALWAYS};
  int fd = open(dir->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return fail(run, "cannot share the directory %s: %s", dir->host, strerror(errno));
  const char *error = "";
  struct device *device =
      fs_create(&run->device_host, fd, dir->read_only, modes[dir->cache], &error);
  if (!add_device(run, device, dir->guest, dir->host, error))
    return false;
  run->directories[run->directory_count++] =
      (struct jail_directory){.fd = fd, .read_only = dir->read_only};
  return true;
}

static bool open_listener(struct run *run, size_t index) {
  struct hermit_wasm_result *result = run->result;
  char line[128];
  int fd = listen_open(run->config->listen[index], result->error, sizeof(result->error));
  if (fd < 0)
    return false;
  run->listeners[index] = fd;
  listen_describe(fd, line, sizeof(line));
  note(run, line);
  return true;
}

static bool add_listeners(struct run *run) {
  size_t count = run->config->listen_count;
  const char *error = "";
  for (size_t i = 0; i < count; i++)
    if (!open_listener(run, i)) {
      while (i-- > 0)
        close(run->listeners[i]);
      return false;
    }
  run->vm.sockets = sockets_create(&run->device_host, run->listeners, (uint32_t)count, &error);
  return add_device(run, run->vm.sockets, NULL, "listening sockets", error);
}

static bool add_devices(struct run *run) {
  const char *error = "";
  run->device_host =
      (struct device_host){.memory = &run->vm.memory, .wait_mask = run->signals.wait};
  struct device *console = console_create(&run->device_host, run->stdio, &error);
  if (!add_device(run, console, NULL, "the standard streams", error))
    return false;
  run->vm.console = console;
  if (!add_device(run, rng_create(&run->device_host, &error), NULL, "random numbers", error))
    return false;
  if (run->config->listen_count && !add_listeners(run))
    return false;
  for (size_t i = 0; i < run->config->dir_count; i++)
    if (!add_directory(run, &run->config->dirs[i]))
      return false;
  return true;
}

/* ---- Preparing ---- */

/* What stands behind the last '/'. */
static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

/* What the guest shall run. *args, which config points at, is the caller's to free. */
static bool describe_program(struct run *run, struct vm_config *program, const char ***args) {
  const struct hermit_wasm_config *config = run->config;
  *args = malloc((config->arg_count + 1) * sizeof(**args));
  if (!*args)
    return fail(run, "no memory for the arguments");
  (*args)[0] = base_name(config->module);
  for (size_t i = 0; i < config->arg_count; i++)
    (*args)[i + 1] = config->args[i];
  *program = (struct vm_config){
      .mode = config->action == HERMIT_WASM_INSPECT ? ABI_MODE_INSPECT : ABI_MODE_RUN,
      .flags = (config->stats ? ABI_FLAG_STATS : 0) |
               (config->unknown_imports_trap ? ABI_FLAG_UNKNOWN_IMPORTS_TRAP : 0) |
               (config->verbose ? ABI_FLAG_VERBOSE : 0),
      .module = run->module,
      .module_length = run->module_length,
      .module_name = config->module,
      .invoke = config->invoke,
      .args = *args,
      .arg_count = config->arg_count + 1,
      .env = config->env,
      .env_count = config->env_count,
      .memory_max = config->memory_bytes ? config->memory_bytes : MEMORY_DEFAULT};
  return true;
}

static bool prepare_vm(struct run *run) {
  struct vm_config program;
  const char **args;
  if (!describe_program(run, &program, &args))
    return false;
  bool ok =
      vm_prepare(&run->vm, &program, &run->image, run->result->error, sizeof(run->result->error));
  free(args);
  image_close(&run->image);
  close(run->module);
  run->module = -1;
  return ok;
}

static bool enter_jail(struct run *run) {
  struct jail_config jail = {.directories = run->directories,
                             .directory_count = run->directory_count,
                             .listening = run->config->listen_count > 0,
                             .violation_fd = run->stdio[2]};
  struct jail_report report;
  if (!jail_enter(&jail, &report, run->result->error, sizeof(run->result->error)))
    return false;
  if (run->config->verbose) {
    char line[256];
    jail_describe(&report, line, sizeof(line));
    note(run, line);
  }
  monitor_after_jail();
  return true;
}

/* A standard descriptor that is closed would become the number of what is opened next, a shared
 * file perhaps, and a message for the user would go there. */
static bool occupy_closed_streams(struct run *run) {
  for (int fd = 0; fd < 3;) {
    if (fcntl(fd, F_GETFD) >= 0) {
      fd++;
      continue;
    }
    if (open("/dev/null", O_RDWR | O_CLOEXEC) != fd)
      return fail(run, "cannot open /dev/null: %s", strerror(errno));
  }
  return true;
}

static bool prepare(struct run *run) {
  const struct hermit_wasm_config *config = run->config;
  struct hermit_wasm_result *result = run->result;
  /* Only the streams are inherited: what the caller has open is none of the monitor's business. */
  if (!jail_close_inherited(run->stdio, 3, result->error, sizeof(result->error)) ||
      !occupy_closed_streams(run) || !open_module(run) ||
      !image_open(&run->image, config->guest_image, result->error, sizeof(result->error)) ||
      !vm_create(&run->vm, &run->signals, result->error, sizeof(result->error)) ||
      !add_devices(run) || !prepare_vm(run))
    return false;
  if (!signals_make_ticks(&run->signals))
    return fail(run, "cannot make a timer: %s", strerror(errno));
  if (config->timeout_ms && !signals_set_deadline(&run->signals, config->timeout_ms))
    return fail(run, "cannot set the deadline: %s", strerror(errno));
  return enter_jail(run);
}

/* ---- The end ---- */

static void set_outcome(struct run *run, const struct vm_result *end) {
  struct hermit_wasm_result *result = run->result;
  switch (end->end) {
  case VM_END_TIMED_OUT:
    result->outcome = HERMIT_WASM_TIMED_OUT;
    return;
  case VM_END_SIGNALLED:
    result->outcome = HERMIT_WASM_SIGNALLED;
    result->status = (int)end->status;
    return;
  case VM_END_FAILED:
    snprintf(result->error, sizeof(result->error), "%s", end->text);
    return;
  case VM_END_EXIT:
    break;
  }
  switch (end->report.outcome) {
  case ABI_OUTCOME_EXIT:
    result->outcome = HERMIT_WASM_EXITED;
    result->status = (int)end->status;
    return;
  case ABI_OUTCOME_TRAP:
    result->outcome = HERMIT_WASM_TRAPPED;
    return;
  case ABI_OUTCOME_REFUSED: /* the guest has said why */
    return;
  default:
    fail(run, "the guest ended without an outcome (%u)", end->report.outcome);
  }
}

static void set_stats(struct run *run, const struct vm_result *end) {
  struct hermit_wasm_stats *stats = &run->result->stats;
  stats->boot_us = end->report.boot_ns / 1000;
  stats->compile_us = end->report.compile_ns / 1000;
  stats->instantiate_us = end->report.instantiate_ns / 1000;
  stats->run_us = end->report.run_ns / 1000;
  stats->code_section_bytes = end->report.code_section_bytes;
  stats->code_bytes = end->report.code_bytes;
  _Static_assert((int)VM_EXIT_COUNT == (int)HERMIT_WASM_EXIT_COUNT, "the same reasons");
  memcpy(stats->exits, run->vm.exits, sizeof(stats->exits));
}

static void close_files(struct run *run) {
  image_close(&run->image);
  if (run->module >= 0)
    close(run->module);
  run->module = -1;
}

/* Sets the VM up, runs it, and takes it down unless the process is about to end anyway. False: KVM
 * makes no VM; nothing has been done. */
static bool run_under_kvm(struct run *run) {
  struct hermit_wasm_result *result = run->result;
  uint64_t ended_us = run->started_us;
  bool jailed = prepare(run);
  if (jailed) {
    struct vm_result end;
    result->stats.setup_us = now_us() - run->started_us;
    vm_run(&run->vm, &end);
    ended_us = now_us();
    set_outcome(run, &end);
    set_stats(run, &end);
    if (run->config->stats)
      result->stats.pages_touched = vm_pages_touched(&run->vm);
  }
  bool made = jailed || run->vm.fd >= 0 || run->module < 0 || run->image.segment_count == 0;
  if (!run->config->in_process || !jailed) {
    vm_destroy(&run->vm);
    close_files(run);
  }
  if (jailed) /* which forbids to restore them, and nobody is left to handle them */
    signals_let_in(&run->signals);
  else
    signals_restore(&run->signals);
  result->stats.teardown_us = now_us() - ended_us;
  return made;
}

/* `kvm_problem`: why KVM does not do it; empty: nobody wants it to. */
static void run_under_qemu(struct run *run, const char *kvm_problem) {
  struct hermit_wasm_result *result = run->result;
  const struct hermit_wasm_config *config = run->config;
  struct vm_config program;
  struct vm_result end;
  struct under_qemu chosen;
  const char **args = NULL;
  signals_block(&run->signals);
  bool ok = under_qemu_choose(&chosen, config, kvm_problem, result->error, sizeof(result->error)) &&
            open_module(run) &&
            image_open(&run->image, *chosen.image ? chosen.image : NULL, result->error,
                       sizeof(result->error)) &&
            describe_program(run, &program, &args);
  if (ok && config->timeout_ms && !signals_set_deadline(&run->signals, config->timeout_ms))
    ok = fail(run, "cannot set the deadline: %s", strerror(errno));
  if (ok) {
    if (*kvm_problem && config->note)
      config->note(config->note_context, chosen.note);
    chosen.qemu.program = &program;
    chosen.qemu.image = &run->image;
    memcpy(chosen.qemu.stdio, run->stdio, sizeof(run->stdio));
    result->stats.setup_us = now_us() - run->started_us;
    qemu_run(&chosen.qemu, &run->signals, &end);
    set_outcome(run, &end);
    set_stats(run, &end);
  }
  free(args);
  close_files(run);
  signals_restore(&run->signals);
}

static bool wants_qemu(const struct hermit_wasm_config *config) {
  return config->monitor == HERMIT_WASM_MONITOR_QEMU || !is_host_arch(config->arch);
}

static void run_vm(struct run *run) {
  const struct hermit_wasm_config *config = run->config;
  run->module = run->image.fd = -1;
  run->vm.kvm = run->vm.fd = run->vm.vcpu = -1;
  if (wants_qemu(config)) {
    run_under_qemu(run, "");
  } else {
    signals_block(&run->signals);
    if (!run_under_kvm(run) && config->monitor == HERMIT_WASM_MONITOR_AUTO) {
      char problem[sizeof(run->result->error)];
      memcpy(problem, run->result->error, sizeof(problem));
      run_under_qemu(run, problem);
    }
  }
  run->result->stats.total_us = now_us() - run->started_us;
}

/* ---- In a child process ---- */

/* What parent and child share. */
struct mailbox {
  struct hermit_wasm_result result;
  bool done;
};

static void wait_for_child(struct run *run, pid_t child, const struct mailbox *mailbox) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (mailbox->done)
    *run->result = mailbox->result;
  else if (WIFSIGNALED(status))
    fail(run, "the monitor's process was killed by signal %d", WTERMSIG(status));
  else
    fail(run, "the monitor's process ended early with status %d", WEXITSTATUS(status));
}

static void run_in_child(struct run *run) {
  struct mailbox *mailbox =
      mmap(NULL, sizeof(*mailbox), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mailbox == MAP_FAILED) {
    fail(run, "no memory for the monitor's process");
    return;
  }
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    mailbox->result = *run->result;
    run->result = &mailbox->result;
    run_vm(run);
    mailbox->done = true;
    _exit(0);
  }
  if (child < 0)
    fail(run, "cannot make the monitor's process: %s", strerror(errno));
  else
    wait_for_child(run, child, mailbox);
  munmap(mailbox, sizeof(*mailbox));
}

void hermit_wasm_run(const struct hermit_wasm_config *config, struct hermit_wasm_result *result) {
  memset(result, 0, sizeof(*result));
  result->outcome = HERMIT_WASM_FAILED;
  struct run *run = calloc(1, sizeof(*run));
  if (!run) {
    snprintf(result->error, sizeof(result->error), "no memory to run a VM");
    return;
  }
  run->config = config;
  run->result = result;
  run->started_us = now_us();
  if (check_config(run)) {
    if (config->in_process)
      run_vm(run);
    else
      run_in_child(run);
  }
  free(run);
}

int hermit_wasm_exit_status(const struct hermit_wasm_result *result) {
  switch (result->outcome) {
  case HERMIT_WASM_EXITED:
    return result->status;
  case HERMIT_WASM_TRAPPED:
    return 134;
  case HERMIT_WASM_TIMED_OUT:
    return 124;
  case HERMIT_WASM_SIGNALLED:
    return 128 + result->status;
  default:
    return 125;
  }
}
