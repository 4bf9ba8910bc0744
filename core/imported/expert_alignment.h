// How a published model's router rows lie to the matrices of its experts [def:coupling]: measured
// when the model is imported, one matrix after the other, and kept as a few numbers an expert; the
// matrices themselves are not. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/alignment.h"
#include "core/base/result.h"
#include "core/imported/expert_layout.h"
#include "core/imported/model_folder.h"
#include "core/imported/router_tensors.h"

namespace hopscope::core {

/// The measure itself, which needs linear algebra that this room does without: of each set of rows
/// [experts, width], against [inner, width] of one expert after the other (empty: left out).
using MatrixOfExpert = std::function<Result<std::vector<float>>(int64_t expert)>;
using AlignExperts =
    std::function<Result<std::vector<Alignment>>(const std::vector<std::vector<float>>& row_sets,
                                                 int64_t experts, const MatrixOfExpert& matrix)>;

/// What is kept of an alignment, each [experts], under what name.
inline constexpr std::pair<const char*, std::vector<double> Alignment::*> kAlignmentLists[] = {
    {"matched", &Alignment::matched}, {"mismatched", &Alignment::mismatched},
    {"cosine", &Alignment::cosine},   {"cosine_mismatched", &Alignment::cosine_mismatched},
    {"energy", &Alignment::energy},   {"top1", &Alignment::top1},
    {"top10", &Alignment::top10}};

/// Two readings of the rows: as they are stored, and without their mean, as [def:coupling] has it.
enum class RowsTaken : uint8_t { stored, centred };
inline constexpr RowsTaken kRowsTaken[] = {RowsTaken::stored, RowsTaken::centred};

/// "layers.7.experts.gate.matched", "layers.7.experts.gate.centred.matched".
std::string alignment_name(const std::string& router, const std::string& matrix, RowsTaken rows,
                           const std::string& list);

/// Of one matrix of a router's experts, in the order of kRowsTaken. Experts with a number that is
/// not finite are left out, and named in `left_out`.
/// @param before called before each expert's matrix is read; an error of it ends the work
/// Errors: those of expert_values and of `before`.
Result<std::vector<Alignment>> expert_alignment(
    const ModelFolder& model, const ExpertLayout& layout, const ExpertMatrices& matrices,
    const RouterTensors& router, const AlignExperts& align, const std::function<Status()>& before,
    std::vector<int64_t>& left_out);

}  // namespace hopscope::core
