// What the trajectory panel shows, derived from a trace without ImGui: which expert stands in each
// cell, ranges of values, depths, overlaps, and the before/after rows of the next token. Pure
// functions; built in the panel's prepare() on the window thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/api/session.h"

namespace hopscope::app {

enum class CellValue : uint8_t { expert, weight, entropy, update_norm, halt_ratio };
inline constexpr CellValue kCellValues[] = {CellValue::expert, CellValue::weight,
                                            CellValue::entropy, CellValue::update_norm,
                                            CellValue::halt_ratio};
const char* name_of(CellValue value);
/// Unit and definition, for tooltip and legend.
const char* definition_of(CellValue value);

/// One column of the matrix: a hop of a layer.
struct HopColumn {
    int64_t layer = 0, hop = 0;
};

/// One token at one hop.
struct HopCell {
    bool known = false;     ///< the trace has this token, layer and hop
    bool executed = false;  ///< false: halted before
    int64_t expert = -1;    ///< of highest weight; −1 unknown
    float weight = core::kNaN, entropy = core::kNaN, max_prob = core::kNaN;
    float update_norm = core::kNaN, halt_ratio = core::kNaN;

    float value(CellValue which) const;
};

/// How a cell is drawn: a value is a filled colour, so what is no value never is one.
enum class CellLook : uint8_t {
    nothing,     ///< the trace has no such cell
    filled,      ///< with the colour of its value
    halted,      ///< hollow: the token had stopped before
    unmeasured,  ///< a dot: it ran, and has no such value
};
CellLook look_of(const HopCell& cell, CellValue value);

struct ChosenExpert {
    int64_t expert = 0;
    float weight = core::kNaN;
};

/// What is computed once for a trace: its size, its ranges, its depths.
struct TraceView {
    int64_t tokens = 0, layers = 0, hops = 0;  ///< hops: of the layer with most
    std::vector<HopColumn> columns;            ///< layer by layer, hop by hop
    std::array<float, 5> low{}, high{};        ///< range of each CellValue over all executed cells
    std::vector<int64_t> depth;  ///< [hops + 1]: (token, layer) pairs that executed so many hops
    double mean_hops = 0;        ///< executed hops a (token, layer) pair
    int64_t pairs = 0;           ///< (token, layer) pairs counted in `depth`
    bool halted = false;         ///< some hop was not executed
};
TraceView trace_view(const core::TraceResult& trace);

HopCell cell_of(const core::TraceResult& trace, int64_t token, int64_t layer, int64_t hop);
/// The experts of one token at one hop, falling weight; empty where it was not executed.
std::vector<ChosenExpert> choice_of(const core::TraceResult& trace, int64_t token, int64_t layer,
                                    int64_t hop);
/// Mean over the consecutive executed hops of |S_h ∩ S_h+1| / |S_h ∪ S_h+1| of one token
/// [def:jaccard]; NaN with fewer than two hops.
float jaccard_of(const core::TraceResult& trace, int64_t token, int64_t layer);

/// One row of the next-token bars.
struct NextRow {
    std::string piece;
    int32_t id = 0;
    float base = core::kNaN, changed = core::kNaN;  ///< probabilities; NaN: not among those listed
};
/// The union of both lists by falling larger probability, at most `count` rows.
std::vector<NextRow> next_rows(const std::vector<core::NextToken>& base,
                               const std::vector<core::NextToken>& changed, size_t count = 10);

/// The threshold slider: position 0 is off, (0, 1] runs logarithmically over [1e−3, 1].
double epsilon_at(float position);  ///< −1 for off
float position_of(double epsilon);  ///< 0 for one that is not above 0

}  // namespace hopscope::app
