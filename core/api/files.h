// Whole files, read and replaced: what the ground floor offers through the one door to those who
// keep or show them.
#pragma once

#include "core/base/files.h"  // IWYU pragma: export
