// Whole files, read and replaced, where they may not be put, and whether one is a document of this
// program: what the ground floor offers through the one door to those who keep or show them. Any
// thread.
#pragma once

#include "core/base/files.h"         // IWYU pragma: export
#include "core/base/json.h"          // IWYU pragma: export
#include "core/base/output_place.h"  // IWYU pragma: export
