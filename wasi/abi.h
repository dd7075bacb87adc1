/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The numbers and memory layouts of WASI preview 1 (wasi_snapshot_preview1.witx), in our words.
 * Structures live in the module's memory, little-endian and unaligned for all we know, so they are
 * given as sizes and offsets rather than as C types. */
#ifndef WASI_ABI_H
#define WASI_ABI_H

#include <stdint.h>

enum wasi_errno {
#define ERRNO(name, number, linux_number) WASI_ERRNO_##name = number,
#define ERRNO_WASI(name, number) WASI_ERRNO_##name = number,
#include "wasi/errno.def"
#undef ERRNO
#undef ERRNO_WASI
};

enum wasi_right {
#define RIGHT(name, bit, applies) WASI_RIGHT_##name = 1 << bit,
#include "wasi/rights.def"
#undef RIGHT
};

/* All rights there are, those of a regular file, and those of a directory. */
#define RIGHT_IF_FILE_F(bit) | 1ull << bit
#define RIGHT_IF_FILE_B(bit) | 1ull << bit
#define RIGHT_IF_FILE_D(bit)
#define RIGHT_IF_FILE_S(bit)
#define RIGHT_IF_DIRECTORY_F(bit)
#define RIGHT_IF_DIRECTORY_B(bit) | 1ull << bit
#define RIGHT_IF_DIRECTORY_D(bit) | 1ull << bit
#define RIGHT_IF_DIRECTORY_S(bit)
static const uint64_t WASI_RIGHTS_ALL = 0
#define RIGHT(name, bit, applies) | 1ull << bit
#include "wasi/rights.def"
#undef RIGHT
    ;
static const uint64_t WASI_RIGHTS_FILE = 0
#define RIGHT(name, bit, applies) RIGHT_IF_FILE_##applies(bit)
#include "wasi/rights.def"
#undef RIGHT
    ;
static const uint64_t WASI_RIGHTS_DIRECTORY = 0
#define RIGHT(name, bit, applies) RIGHT_IF_DIRECTORY_##applies(bit)
#include "wasi/rights.def"
#undef RIGHT
    ;

enum wasi_filetype {
  WASI_FILETYPE_UNKNOWN = 0,
  WASI_FILETYPE_BLOCK_DEVICE = 1,
  WASI_FILETYPE_CHARACTER_DEVICE = 2,
  WASI_FILETYPE_DIRECTORY = 3,
  WASI_FILETYPE_REGULAR_FILE = 4,
  WASI_FILETYPE_SOCKET_DGRAM = 5,
  WASI_FILETYPE_SOCKET_STREAM = 6,
  WASI_FILETYPE_SYMBOLIC_LINK = 7,
};

enum wasi_clock { WASI_CLOCK_REALTIME = 0, WASI_CLOCK_MONOTONIC = 1, WASI_CLOCK_COUNT = 4 };
enum wasi_whence { WASI_WHENCE_SET = 0, WASI_WHENCE_CUR = 1, WASI_WHENCE_END = 2 };

#define WASI_ADVICE_MAX 5u /* NORMAL .. NOREUSE */

#define WASI_LOOKUP_SYMLINK_FOLLOW 0x1u
#define WASI_LOOKUP_ALL 0x1u

#define WASI_OFLAG_CREAT 0x1u
#define WASI_OFLAG_DIRECTORY 0x2u
#define WASI_OFLAG_EXCL 0x4u
#define WASI_OFLAG_TRUNC 0x8u
#define WASI_OFLAG_ALL 0xfu

#define WASI_FDFLAG_APPEND 0x01u
#define WASI_FDFLAG_DSYNC 0x02u
#define WASI_FDFLAG_NONBLOCK 0x04u
#define WASI_FDFLAG_RSYNC 0x08u
#define WASI_FDFLAG_SYNC 0x10u
#define WASI_FDFLAG_ALL 0x1fu

#define WASI_FSTFLAG_ATIM 0x1u
#define WASI_FSTFLAG_ATIM_NOW 0x2u
#define WASI_FSTFLAG_MTIM 0x4u
#define WASI_FSTFLAG_MTIM_NOW 0x8u
#define WASI_FSTFLAG_ALL 0xfu

#define WASI_RIFLAG_PEEK 0x1u
#define WASI_RIFLAG_WAITALL 0x2u
#define WASI_RIFLAG_ALL 0x3u

#define WASI_SDFLAG_RD 0x1u
#define WASI_SDFLAG_WR 0x2u
#define WASI_SDFLAG_ALL 0x3u

#define WASI_PREOPEN_DIRECTORY 0u
#define WASI_PREOPEN_OTHER 1u /* not in the specification, see wasi_fd_prestat_get */

/* prestat: tag u8, name length u32. */
#define WASI_PRESTAT_SIZE 8u
#define WASI_PRESTAT_NAME_LENGTH 4u

/* iovec and ciovec: address u32, length u32. */
#define WASI_IOVEC_SIZE 8u
#define WASI_IOVEC_LENGTH 4u

/* fdstat: file type u8, flags u16, rights u64, inheriting u64. */
#define WASI_FDSTAT_SIZE 24u
#define WASI_FDSTAT_FLAGS 2u
#define WASI_FDSTAT_RIGHTS 8u
#define WASI_FDSTAT_INHERITING 16u

/* filestat: dev u64, ino u64, file type u8, nlink u64, size u64, atim, mtim, ctim u64. */
#define WASI_FILESTAT_SIZE 64u
#define WASI_FILESTAT_DEV 0u
#define WASI_FILESTAT_INO 8u
#define WASI_FILESTAT_FILETYPE 16u
#define WASI_FILESTAT_NLINK 24u
#define WASI_FILESTAT_BYTES 32u
#define WASI_FILESTAT_ATIM 40u
#define WASI_FILESTAT_MTIM 48u
#define WASI_FILESTAT_CTIM 56u

/* dirent: next cookie u64, ino u64, name length u32, file type u8; the name follows. */
#define WASI_DIRENT_SIZE 24u
#define WASI_DIRENT_INO 8u
#define WASI_DIRENT_NAME_LENGTH 16u
#define WASI_DIRENT_FILETYPE 20u

enum wasi_eventtype { WASI_EVENT_CLOCK = 0, WASI_EVENT_FD_READ = 1, WASI_EVENT_FD_WRITE = 2 };

/* subscription: userdata u64, tag u8, then at 16 either a clock (id u32, timeout u64, precision
 * u64, flags u16) or a descriptor u32. */
#define WASI_SUBSCRIPTION_SIZE 48u
#define WASI_SUBSCRIPTION_TAG 8u
#define WASI_SUBSCRIPTION_FD 16u
#define WASI_SUBSCRIPTION_CLOCK 16u
#define WASI_SUBSCRIPTION_TIMEOUT 24u
#define WASI_SUBSCRIPTION_FLAGS 40u
#define WASI_SUBSCRIPTION_ABSTIME 0x1u

/* event: userdata u64, error u16, type u8, then for descriptors bytes u64 and flags u16. */
#define WASI_EVENT_SIZE 32u
#define WASI_EVENT_ERROR 8u
#define WASI_EVENT_TYPE 10u
#define WASI_EVENT_BYTES 16u
#define WASI_EVENT_FLAGS 24u
#define WASI_EVENT_HANGUP 0x1u

#endif
