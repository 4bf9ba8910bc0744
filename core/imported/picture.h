// An imported model as a window shows it: its routers' rows and the choices of one recorded trace
// as the snapshot of a run, one recorded text as the trace of a prompt. What a recording lacks
// stays empty or NaN. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/imported_look.h"
#include "core/api/progress.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/imported/imported_run.h"
#include "core/imported/recorded_routing.h"

namespace hopscope::core {

/// All routers by layer, the layer's own first: the order of the layers of snapshot and trace.
std::vector<ImportedRouter> routers_of(const ModelLayout& layout);
/// What a recording holds.
ImportedTrace described(const std::string& name, const RecordedRouting& routing);

/// [experts, width] as `view` wants them. Errors (usage) name the file: damaged, a number that is
/// not finite.
Result<std::vector<float>> folded_rows(const ImportedRun& run, const ImportedRouter& router,
                                       const ImportedView& view);
/// Rows as directions, as `view` wants them; without a token. A router with a number that is not
/// finite has none, and `progress` is told why. Errors (usage): a damaged file; interrupted.
Result<GeometrySnapshot> rows_picture(const ImportedRun& run, const ImportedView& view,
                                      const Progress& progress);
/// Adds the tokens of a recording and what they chose; loads count the whole recording.
void add_choices(GeometrySnapshot& picture, const std::vector<ImportedRouter>& routers,
                 const RecordedRouting& routing);
/// Adds where tokens lie among the rows, of routers whose inputs were recorded, while rows are
/// shown as they are stored; with them the rows in the recording's basis.
void add_positions(GeometrySnapshot& picture, const std::vector<ImportedRouter>& routers,
                   const RecordedRouting& routing, const ImportedView& view);
/// One text of it, its first kMostPictureTokens tokens, through all layers. An error in the result:
/// there is no such text.
TraceResult text_trace(const std::vector<ImportedRouter>& routers, const RecordedRouting& routing,
                       int64_t text);

}  // namespace hopscope::core
