// What a window shows of an imported model: which of its recorded traces, and how the rows of its
// routers become directions. Plain values, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hopscope::core {

/// A snapshot or a trace takes in so many tokens at most, from the beginning.
inline constexpr int64_t kMostPictureTokens = 8192;

struct ImportedView {
    std::string trace;      ///< name; "": the first there is
    int64_t text = 0;       ///< of the trace, the one that is followed through the layers
    bool fold_gain = true;  ///< rows times the gain of the norm before them, where one is known
    bool centre = false;    ///< without their mean, which no softmax sees
    bool operator==(const ImportedView&) const = default;
};

/// A router, in the order of the layers of snapshot and trace.
struct ImportedRouter {
    std::string name;                                     ///< LayerGeometry::name
    int64_t layer = 0;                                    ///< the model's own number
    std::string pool;                                     ///< what it chooses for, "mlp" or another
    bool prediction = false;                              ///< of a layer of multi-token prediction
    int64_t experts = 0, width = 0, top_k = 0;            ///< top_k 0: config.json does not say it
    bool gain = false, bias = false, correction = false;  ///< whether it has them
};

struct ImportedTrace {
    std::string name;
    int64_t texts = 0, tokens = 0;
    bool token_ids = false, pieces = false;  ///< ids, and what they spell
    bool weights = false, entropy = false;
    bool positions = false;          ///< what entered the routers
    std::vector<std::string> notes;  ///< what was found when it was read
};

struct ImportedLook {
    ImportedView view;  ///< that which snapshot and trace show
    std::string family, model_type, rule;
    int64_t hidden_layers = 0;
    std::vector<int64_t> dense;  ///< hidden layers without a router
    std::vector<ImportedRouter> routers;
    bool experts = false;  ///< were read when it was imported
    std::vector<ImportedTrace> traces;
    std::vector<std::string> warnings;
    std::string problem;  ///< why it is not what was asked for; "": it is
};

}  // namespace hopscope::core
