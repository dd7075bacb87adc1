/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The Linux errno numbers that the drivers themselves make or look for. They are the same on all
 * our architectures (include/uapi/asm-generic/errno*.h of Linux). */
#ifndef GUEST_DRIVERS_ERRORS_H
#define GUEST_DRIVERS_ERRORS_H

#define LINUX_ENOENT 2
#define LINUX_EIO 5
#define LINUX_EBADF 9
#define LINUX_EAGAIN 11
#define LINUX_ENOMEM 12
#define LINUX_EFAULT 14
#define LINUX_EINVAL 22
#define LINUX_ENFILE 23
#define LINUX_EMFILE 24
#define LINUX_ENOSPC 28
#define LINUX_ESPIPE 29
#define LINUX_EROFS 30
#define LINUX_EPIPE 32
#define LINUX_ENAMETOOLONG 36
#define LINUX_EPROTO 71
#define LINUX_EDQUOT 122

#endif
