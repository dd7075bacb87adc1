/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* In place of the stencils' header of this name, where they are compiled as functions. */
#ifndef ENGINE_STENCIL_ARCH_H
#define ENGINE_STENCIL_ARCH_H

#define STENCIL_CALL
#define STENCIL_PARAMS void
#define STENCIL_ARGS

#endif
