// Who owns a folder in the temporary directory, or one on its way to another name. The process that
// made it holds a lock in it, which ends with the process however that ends; so the next process
// can tell what a kill left there, and sweeps it. Plain POSIX, any thread.
#pragma once

#include <optional>
#include <string>

#include "core/base/file_handle.h"

namespace hopscope::core {

/// Marks `folder`, just made, as owned as long as the handle lives. Nothing where another process
/// has swept it in this very moment: make another one.
std::optional<FileHandle> own_scratch(const std::string& folder);

/// Takes the mark out of a folder that was owned so, and has become something that stays.
void unmark_scratch(const std::string& folder);
/// Whether an entry of such a folder is what marks it.
bool is_scratch_mark(const std::string& name);
/// Whether `folder` is such a folder, of whoever.
bool is_scratch(const std::string& folder);

/// Removes the folders hopscope-PURPOSE-NUMBER of `parent` that were marked as a scratch of this
/// very name and whose owner has ended. All others, of other programs and people too, stay: run
/// folders may be called so.
void sweep_scratch(const std::string& parent);

}  // namespace hopscope::core
