// The generator of random numbers that the ground floor offers through the one door, to the
// controls that the window draws. Plain values, each of one thread.
#pragma once

#include "core/base/random.h"  // IWYU pragma: export
