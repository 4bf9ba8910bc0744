// A model as boxes: the stream from the embedding through the blocks to the head, one block opened,
// and in it the loop of the hops. What each box holds, computes and how its gradient stands, as
// plain values. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/state/history.h"
#include "core/api/config.h"
#include "core/api/model_sheet.h"

namespace hopscope::app {

/// Which of the three columns a box stands in.
enum class Column : uint8_t { stream, block, hop };

struct ModelPart {
    std::string id;      ///< unique among the parts of one layer: "attention", "projection", …
    std::string title;   ///< "Attention"
    std::string detail;  ///< "4 heads of 24"
    std::string help;    ///< what it does
    Column column = Column::stream;
    int64_t layer = -1;           ///< −1: of the whole model
    std::vector<size_t> tensors;  ///< of the sheet
    int64_t parameters = 0;       ///< of these
    double flops = 0;             ///< forward pass, one token; 0: none are counted
    /// Gradient norm of the group that its tensors belong to, over all layers; nullptr: none.
    std::vector<double> History::*gradient = nullptr;
    const char* group = "";  ///< of that gradient, in words
};

/// The boxes of a model whose block `layer` is opened, from top to bottom in each column.
struct ModelDiagram {
    std::vector<ModelPart> parts;
    int64_t layer = 0, layers = 0;
    int64_t hops = 0;  ///< of that layer; 0: it has no loop
    const ModelPart* find(const std::string& id, int64_t layer) const;
};
ModelDiagram diagram_of(const core::Config& config, const core::ModelSheet& sheet, int64_t layer);

/// One line of the table of the whole model: a group of parameters and what it costs.
struct ModelGroup {
    std::string name, help;
    int64_t parameters = 0;
    double flops = 0;
    std::vector<double> History::*gradient = nullptr;
};
/// Those that this model has.
std::vector<ModelGroup> groups_of(const core::ModelCounts& counts);

/// The newest value of a gradient; NaN where there is none.
double newest(const History& history, std::vector<double> History::*gradient);

/// "[64 × 96]"; "one number" for a scalar.
std::string shape_words(const std::vector<int64_t>& shape);
/// "84.7 M", "1.2 G", "960": counts of parameters and operations.
std::string in_units(double value);

/// All parts of all layers, a line each.
std::string csv_of(const core::Config& config, const core::ModelSheet& sheet,
                   const History& history);

}  // namespace hopscope::app
