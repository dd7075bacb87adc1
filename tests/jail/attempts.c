/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What jailed children attempt, and what shall come of it. */
#include "tests/jail/trial.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* 0 or errno, as attempts return it. */
static int outcome(long result) {
  return result < 0 ? errno : 0;
}

static int try_open(int directory, const char *path, int flags) {
  return outcome(openat(directory, path, flags, 0666));
}

/* Files. */

static int read_inside(const struct fixture *f) {
  char text[8];
  struct iovec piece = {.iov_base = text, .iov_len = sizeof text};
  int file = openat(f->shared, "inside.txt", O_RDONLY | O_NOFOLLOW);
  if (file < 0)
    return errno;
  return readv(file, &piece, 1) == 5 ? outcome(close(file)) : EIO;
}

/* As the file server does: /proc/self/fd, opened before, leads to what a descriptor stands for. */
static int reopen_inside(const struct fixture *f) {
  char name[16];
  int file = openat(f->shared, "inside.txt", O_PATH | O_NOFOLLOW);
  snprintf(name, sizeof name, "%d", file);
  return file < 0 ? errno : try_open(f->descriptors, name, O_RDWR);
}

static int reopen_read_only(const struct fixture *f) {
  char name[16];
  int file = openat(f->second, "file.txt", O_PATH | O_NOFOLLOW);
  snprintf(name, sizeof name, "%d", file);
  return file < 0 ? 0 : try_open(f->descriptors, name, O_RDWR);
}

static int link_inside(const struct fixture *f) {
  char name[16];
  int file = openat(f->shared, "inside.txt", O_PATH | O_NOFOLLOW);
  snprintf(name, sizeof name, "%d", file);
  return outcome(linkat(f->descriptors, name, f->shared, "linked", AT_SYMLINK_FOLLOW));
}

static int write_inside(const struct fixture *f) {
  int file = openat(f->shared, "new", O_CREAT | O_EXCL | O_RDWR, 0666);
  struct iovec piece = {.iov_base = "x", .iov_len = 1};
  return file < 0 || pwritev(file, &piece, 1, 3) != 1 ? errno : outcome(ftruncate(file, 1));
}

static int change_names(const struct fixture *f) {
  struct stat facts;
  if (mkdirat(f->shared, "dir", 0777) != 0 || symlinkat("x", f->shared, "dir/link") != 0 ||
      linkat(f->shared, "inside.txt", f->shared, "again", 0) != 0 ||
      renameat2(f->shared, "again", f->shared, "moved", 0) != 0 ||
      fstatat(f->shared, "moved", &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
      unlinkat(f->shared, "moved", 0) != 0 || unlinkat(f->shared, "dir/link", 0) != 0)
    return errno;
  return outcome(unlinkat(f->shared, "dir", AT_REMOVEDIR));
}

static int move_between_directories(const struct fixture *f) {
  return outcome(renameat2(f->shared, "inside.txt", f->shared, "sub/inside.txt", 0));
}

static int set_times(const struct fixture *f) {
  return outcome(utimensat(f->shared, "inside.txt", NULL, AT_SYMLINK_NOFOLLOW));
}

static int list_inside(const struct fixture *f) {
  char entries[1024];
  int directory = openat(f->shared, ".", O_RDONLY | O_DIRECTORY);
  return directory < 0 ? errno
                       : outcome(syscall(SYS_getdents64, directory, entries, sizeof entries));
}

static int open_outside(const struct fixture *f) {
  return try_open(AT_FDCWD, f->outside, O_RDONLY);
}

static int open_outside_by_parent(const struct fixture *f) {
  return try_open(f->shared, "../outside.txt", O_RDONLY);
}

static int open_outside_by_link(const struct fixture *f) {
  return try_open(f->shared, "out", O_RDONLY);
}

/* `kept` is a descriptor of the parent directory that stayed open, as if by mistake. */
static int open_outside_by_descriptor(const struct fixture *f) {
  return try_open(f->kept, "outside.txt", O_RDONLY);
}

static int stat_outside(const struct fixture *f) {
  struct stat facts;
  return outcome(fstatat(AT_FDCWD, f->outside, &facts, 0));
}

/* From proc's own tree, /proc/<pid>/fd, three times ".." is the host's root. */
static int open_outside_by_descriptors(const struct fixture *f) {
  char path[128];
  snprintf(path, sizeof path, "../../..%s", f->outside);
  return try_open(f->descriptors, path, O_RDONLY);
}

static int stat_outside_by_descriptors(const struct fixture *f) {
  struct stat facts;
  char path[128];
  snprintf(path, sizeof path, "../../..%s", f->outside);
  return outcome(fstatat(f->descriptors, path, &facts, 0));
}

static int create_in_root(const struct fixture *f) {
  (void)f;
  return try_open(AT_FDCWD, "/tmp", O_RDONLY) == 0 ? 0 : try_open(AT_FDCWD, "/x", O_CREAT | O_RDWR);
}

static int open_working_directory(const struct fixture *f) {
  (void)f;
  return try_open(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
}

static int open_own_memory(const struct fixture *f) {
  (void)f;
  return try_open(AT_FDCWD, "/proc/self/mem", O_RDWR);
}

static int read_read_only(const struct fixture *f) {
  return try_open(f->second, "file.txt", O_RDONLY);
}

static int write_read_only(const struct fixture *f) {
  return try_open(f->second, "file.txt", O_WRONLY);
}

static int create_read_only(const struct fixture *f) {
  return try_open(f->second, "new", O_CREAT | O_WRONLY);
}

static int unlink_read_only(const struct fixture *f) {
  return outcome(unlinkat(f->second, "file.txt", 0));
}

static int move_to_read_only(const struct fixture *f) {
  return outcome(renameat2(f->shared, "inside.txt", f->second, "moved", 0));
}

static int truncate_read_only(const struct fixture *f) {
  return try_open(f->second, "file.txt", O_RDONLY | O_TRUNC);
}

/* Descriptors. */

static int use_kept(const struct fixture *f) {
  struct stat facts;
  return outcome(fstat(f->kept, &facts));
}

static int use_not_kept(const struct fixture *f) {
  struct stat facts;
  return outcome(fstat(f->not_kept, &facts));
}

/* Memory. */

static int map(int protection, int flags, int fd) {
  void *memory = mmap(NULL, 4096, protection, flags, fd, 0);
  return memory == MAP_FAILED ? errno : 0;
}

static int map_data(const struct fixture *f) {
  (void)f;
  return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

static int map_code(const struct fixture *f) {
  (void)f;
  return map(PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int map_file(const struct fixture *f) {
  return map(PROT_READ, MAP_PRIVATE, openat(f->shared, "inside.txt", O_RDONLY));
}

static int make_code(const struct fixture *f) {
  (void)f;
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return outcome(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

/* Other system calls whose arguments decide. */

static int count_readable(const struct fixture *f) {
  int bytes = -1;
  return ioctl(f->pipe[0], FIONREAD, &bytes) != 0 ? errno : bytes;
}

/* The kernel looks at 32 bits of the request: the upper half must not hide a known one. */
static int count_readable_oddly(const struct fixture *f) {
  int bytes = -1;
  return outcome(syscall(SYS_ioctl, f->pipe[0], 0xabcd00000000ul | FIONREAD, &bytes));
}

static int type_into_terminal(const struct fixture *f) {
  (void)f;
  return outcome(ioctl(0, TIOCSTI, "x"));
}

static int make_another_vm(const struct fixture *f) {
  return outcome(ioctl(f->kept, KVM_CREATE_VM, 0));
}

/* Reach for the outside in the ways a captured process would. */

static int make_socket(const struct fixture *f) {
  (void)f;
  return outcome(syscall(SYS_socket, 1, 1, 0));
}

/* What the sockets device does. */
static int accept_connection(const struct fixture *f) {
  char byte;
  struct iovec piece = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  int connection = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0 || recvmsg(connection, &message, MSG_PEEK) < 0 ||
      readv(connection, &piece, 1) < 0)
    return errno;
  return outcome(shutdown(connection, SHUT_WR));
}

static int accept_blocking(const struct fixture *f) {
  return outcome(accept4(f->listener, NULL, NULL, SOCK_CLOEXEC));
}

static int receive_control(const struct fixture *f) {
  struct msghdr message = {0};
  return outcome(recvmsg(f->listener, &message, 0));
}

static int bind_listener(const struct fixture *f) {
  struct sockaddr address = {.sa_family = AF_UNSPEC};
  return outcome(bind(f->listener, &address, sizeof address));
}

static int connect_listener(const struct fixture *f) {
  struct sockaddr address = {.sa_family = AF_UNSPEC};
  return outcome(connect(f->listener, &address, sizeof address));
}

static int listen_again(const struct fixture *f) {
  return outcome(listen(f->listener, 1));
}

/* A socket that listens no more could connect by sending (MSG_FASTOPEN). */
static int connect_by_sending(const struct fixture *f) {
  struct msghdr message = {0};
  return outcome(sendmsg(f->listener, &message, MSG_FASTOPEN));
}

static int set_option(const struct fixture *f) {
  return outcome(setsockopt(f->listener, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)));
}

static int run_program(const struct fixture *f) {
  (void)f;
  char *const nothing[] = {NULL};
  return outcome(syscall(SYS_execve, "/bin/true", nothing, nothing));
}

static int signal_another(const struct fixture *f) {
  (void)f;
  return outcome(syscall(SYS_kill, 1, 0));
}

static int make_process(const struct fixture *f) {
  (void)f;
  return outcome(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int make_device_node(const struct fixture *f) {
  return outcome(syscall(SYS_mknodat, f->shared, "node", S_IFIFO | 0666, 0));
}

static int change_mode(const struct fixture *f) {
  return outcome(syscall(SYS_fchmodat, f->shared, "inside.txt", 04777));
}

const struct trial trials[] = {
    {"a file inside can be read", read_inside, SHARE_ONE, WORKS, 0, false},
    {"a file inside can be made, written and cut", write_inside, SHARE_ONE, WORKS, 0, false},
    {"names inside can be made, moved and removed", change_names, SHARE_ONE, WORKS, 0, false},
    {"a file can move between directories inside", move_between_directories, SHARE_ONE, WORKS, 0,
     false},
    {"times can be set", set_times, SHARE_ONE, WORKS, 0, false},
    {"a directory can be listed", list_inside, SHARE_ONE, WORKS, 0, false},
    {"the same with two directories", change_names, SHARE_TWO, WORKS, 0, false},
    {"a read-only directory can be read", read_read_only, SHARE_TWO, WORKS, 0, false},
    {"a file inside can be reopened", reopen_inside, SHARE_ONE, WORKS, 0, false},
    {"a file inside can be linked by its descriptor", link_inside, SHARE_ONE, WORKS, 0, false},

    {"an absolute path outside", open_outside, SHARE_ONE, FAILS, 0, false},
    {"an absolute path outside, two directories", open_outside, SHARE_TWO, FAILS, 0, false},
    {"an absolute path outside, no directory", open_outside, SHARE_NONE, FAILS, 0, false},
    {"\"..\" out of the directory", open_outside_by_parent, SHARE_ONE, FAILS, 0, false},
    {"\"..\" out of one of two directories", open_outside_by_parent, SHARE_TWO, FAILS, 0, false},
    {"a symbolic link out of the directory", open_outside_by_link, SHARE_ONE, FAILS, 0, false},
    {"a symbolic link out of one of two", open_outside_by_link, SHARE_TWO, FAILS, 0, false},
    {"through a descriptor outside", open_outside_by_descriptor, SHARE_ONE, FAILS, 0, false},
    {"facts about an absolute path outside", stat_outside, SHARE_ONE, FAILS, 0, true},
    {"facts about an absolute path, two directories", stat_outside, SHARE_TWO, FAILS, 0, true},
    {"\"..\" out of the own descriptors", open_outside_by_descriptors, SHARE_ONE, FAILS, 0, false},
    {"facts by the same", stat_outside_by_descriptors, SHARE_ONE, FAILS, 0, true},
    {"making a file in the root", create_in_root, SHARE_TWO, FAILS, 0, false},
    {"the working directory", open_working_directory, SHARE_NONE, FAILS, 0, false},
    {"its own memory through /proc", open_own_memory, SHARE_TWO, FAILS, 0, false},
    {"writing a read-only file", write_read_only, SHARE_TWO, FAILS, 0, false},
    {"reopening a read-only file for writing", reopen_read_only, SHARE_TWO, FAILS, 0, false},
    {"cutting a read-only file", truncate_read_only, SHARE_TWO, FAILS, 0, false},
    {"making a read-only file", create_read_only, SHARE_TWO, FAILS, 0, false},
    {"removing a read-only file", unlink_read_only, SHARE_TWO, FAILS, 0, false},
    {"moving a file into the read-only directory", move_to_read_only, SHARE_TWO, FAILS, 0, false},

    {"a kept descriptor", use_kept, SHARE_ONE, WORKS, 0, false},
    {"a descriptor that was not kept", use_not_kept, SHARE_ONE, FAILS, 0, false},

    {"memory for data", map_data, SHARE_NONE, WORKS, 0, false},
    {"memory for code", map_code, SHARE_NONE, FORBIDDEN, SYS_mmap, false},
    {"mapping a file", map_file, SHARE_ONE, FORBIDDEN, SYS_mmap, false},
    {"making memory executable", make_code, SHARE_NONE, FORBIDDEN, SYS_mprotect, false},
    {"how much a pipe holds", count_readable, SHARE_NONE, WORKS, 0, false},
    {"the same with a dirty upper half", count_readable_oddly, SHARE_NONE, WORKS, 0, false},
    {"typing into the terminal", type_into_terminal, SHARE_NONE, FORBIDDEN, SYS_ioctl, false},
    {"another virtual machine", make_another_vm, SHARE_NONE, FORBIDDEN, SYS_ioctl, false},

    {"a socket", make_socket, SHARE_ONE, FORBIDDEN, SYS_socket, false},
    {"accepting where nothing was to be listened to", accept_connection, SHARE_ONE, FORBIDDEN,
     SYS_accept4, false},
    {"accepting from a listening socket", accept_connection, SHARE_LISTENER, WORKS, 0, false},
    {"accepting a socket that would block", accept_blocking, SHARE_LISTENER, FORBIDDEN, SYS_accept4,
     false},
    {"receiving more than bytes", receive_control, SHARE_LISTENER, FORBIDDEN, SYS_recvmsg, false},
    {"a socket beside a listening one", make_socket, SHARE_LISTENER, FORBIDDEN, SYS_socket, false},
    {"binding a listening socket", bind_listener, SHARE_LISTENER, FORBIDDEN, SYS_bind, false},
    {"connecting a listening socket", connect_listener, SHARE_LISTENER, FORBIDDEN, SYS_connect,
     false},
    {"listening again", listen_again, SHARE_LISTENER, FORBIDDEN, SYS_listen, false},
    {"connecting by sending", connect_by_sending, SHARE_LISTENER, FORBIDDEN, SYS_sendmsg, false},
    {"an option of a socket", set_option, SHARE_LISTENER, FORBIDDEN, SYS_setsockopt, false},
    {"another program", run_program, SHARE_ONE, FORBIDDEN, SYS_execve, false},
    {"a signal to another process", signal_another, SHARE_ONE, FORBIDDEN, SYS_kill, false},
    {"another process", make_process, SHARE_ONE, FORBIDDEN, SYS_clone, false},
    {"a device node", make_device_node, SHARE_ONE, FORBIDDEN, SYS_mknodat, false},
    {"changing a file's mode", change_mode, SHARE_ONE, FORBIDDEN, SYS_fchmodat, false},
};
const size_t trial_count = sizeof trials / sizeof *trials;
