#include "app/panels/experts/contexts.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "app/state/sample_texts.h"
#include "app/widgets/piece_text.h"

namespace hopscope::app {
namespace {

constexpr int64_t kAround = 9;  ///< tokens shown before and after one

/// Pieces as running text: the word mark is a blank.
std::string running_text(const std::vector<std::string>& pieces, int64_t from, int64_t to) {
    constexpr std::string_view kMark = "\xE2\x96\x81";
    std::string out;
    for (int64_t t = from; t < to; ++t) {
        const std::string& piece = pieces[static_cast<size_t>(t)];
        if (piece.starts_with(kMark))
            out += " " + (piece.size() > kMark.size() ? piece_text(piece.substr(kMark.size()))
                                                      : std::string());
        else
            out += piece_text(piece);
    }
    return out;
}

}  // namespace

std::vector<ExpertContext> contexts_of(const core::GeometrySnapshot& snapshot, size_t layer,
                                       int64_t expert, size_t most, int64_t length) {
    std::vector<ExpertContext> out;
    if (layer >= snapshot.layers.size()) return out;
    const core::LayerGeometry& g = snapshot.layers[layer];
    const auto hops = static_cast<size_t>(g.hops), k = static_cast<size_t>(g.top_k);
    const size_t tokens = snapshot.pieces.size();
    if (g.choices.size() != hops * tokens * k || g.weights.size() != g.choices.size()) return out;
    for (size_t t = 0; t < tokens; ++t) {
        ExpertContext best;
        best.token = static_cast<int64_t>(t);
        best.hop = -1;
        for (size_t h = 0; h < hops; ++h)
            for (size_t j = 0; j < k; ++j) {
                const size_t at = (h * tokens + t) * k + j;
                if (g.choices[at] != expert) continue;
                if (best.hop >= 0 && !(g.weights[at] > best.weight)) continue;
                best.weight = g.weights[at];
                best.hop = static_cast<int64_t>(h);
            }
        if (best.hop >= 0) out.push_back(std::move(best));
    }
    std::stable_sort(out.begin(), out.end(), [](const ExpertContext& a, const ExpertContext& b) {
        return (std::isnan(a.weight) ? 0 : a.weight) > (std::isnan(b.weight) ? 0 : b.weight);
    });
    if (out.size() > most) out.resize(most);
    for (ExpertContext& context : out) {
        const int64_t t = context.token;
        const TextRange text = text_of(snapshot, t, length);
        context.before = running_text(snapshot.pieces, std::max(text.begin, t - kAround), t);
        context.piece = word_text(snapshot.pieces[static_cast<size_t>(t)]);
        context.after = running_text(snapshot.pieces, t + 1, std::min(text.end, t + 1 + kAround));
    }
    return out;
}

}  // namespace hopscope::app
