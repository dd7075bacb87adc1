/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How stencils of vector instructions (core spec 4.3.5, 4.4.3) are written, besides stencil.h. An
 * expression says what is done to x, y and z, vectors of the type named with it, or to x and the
 * number n. vector_arch.h says how that becomes a stencil. */
#ifndef ENGINE_STENCIL_VECTOR_H
#define ENGINE_STENCIL_VECTOR_H

#include "engine/stencils/vector_types.h"

#include "vector_arch.h" /* of engine/arch/<a> */

#endif
