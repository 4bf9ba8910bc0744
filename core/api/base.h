// What the ground floor offers through the one door, to the command line and the window: results,
// names, numbers, sets, CSV and the clock. Pure functions and plain values, any thread.
#pragma once

#include "core/base/clock.h"    // IWYU pragma: export
#include "core/base/csv.h"      // IWYU pragma: export
#include "core/base/names.h"    // IWYU pragma: export
#include "core/base/numbers.h"  // IWYU pragma: export
#include "core/base/result.h"   // IWYU pragma: export
#include "core/base/sets.h"     // IWYU pragma: export
