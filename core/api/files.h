// Whole files, read and replaced, and where they may not be put: what the ground floor offers
// through the one door to those who keep or show them. Any thread.
#pragma once

#include "core/base/files.h"         // IWYU pragma: export
#include "core/base/json.h"          // IWYU pragma: export
#include "core/base/output_place.h"  // IWYU pragma: export
