// The file of an import's router rows, and of what was measured of their experts. One thread.
#pragma once

#include <string>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/imported/expert_alignment.h"
#include "core/imported/model_folder.h"
#include "core/imported/model_layout.h"

namespace hopscope::core {

/// Writes it, one router and one expert after the other, so that memory does not grow with the
/// model. Numbers that are not finite become a warning of the layout; its routers are told which
/// matrices were read.
/// @param align empty: experts are not read
/// Errors: usage, those of read_router, expert_layout and expert_values; failed, the disk;
/// interrupted.
Status write_imported_rows(const std::string& path, const ModelFolder& model, ModelLayout& layout,
                           const AlignExperts& align, const Progress& progress);

}  // namespace hopscope::core
