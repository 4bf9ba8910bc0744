// What is read from a person and said about it: numbers as they are typed, and text from outside as
// a message may print it. What the ground floor offers through the one door to the command line.
// Pure functions, any thread.
#pragma once

#include "core/base/numbers.h"  // IWYU pragma: export
#include "core/base/utf8.h"     // IWYU pragma: export
