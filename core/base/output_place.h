// Where a result may not go: over what the call itself reads, among the files that keep a run, a
// race or a batch, or below a file. What is written replaces what stood there, so this is asked
// before the work. Functions on names alone, any thread.
#pragma once

#include <span>
#include <string>

#include "core/base/file_handle.h"
#include "core/base/result.h"

namespace hopscope::core {

/// Whether a file written to `path` leaves everything alone that is not the caller's to replace.
/// Files are told apart by what they are, not by how their names are spelled. Errors (usage) begin
/// with "--out: ": one of `inputs`, or below a folder among them; a file that a run, race or batch
/// is kept in, whether the call reads it or not (analysis/ and what a person put into its folder
/// are not: they may be replaced).
Status check_output_apart(const std::string& path, std::span<const std::string> inputs);

/// Whether what stands at `path`, if anything does, is `expected` (a file or a folder); a link to
/// one is. Asked before anything is written, of what is written later. Errors (usage).
Status check_place(const std::string& path, FileKind expected);

/// Whether `path` is a folder or can become one. Errors (usage): something else stands there or
/// above it; a name that is too long.
Status check_folder_place(const std::string& path);

/// Whether a folder of a person's choice may be made at `path`. Errors (usage): as
/// check_folder_place of what is above it; it would lie where a run keeps its files.
Status check_new_place(const std::string& path);

}  // namespace hopscope::core
