#include "core/lab/class_depths.h"

#include <algorithm>
#include <span>

#include "core/stats/bootstrap.h"

namespace hopscope::core::lab {
namespace {

constexpr int64_t kClassResamples = 2000;
constexpr uint64_t kClassSeed = 42;

}  // namespace

ClassDepths::ClassDepths(const Categories& categories, int64_t layers) : layers_(layers) {
    if (categories.empty()) return;
    for (const auto& [name, ids] : categories) {
        for (const int64_t id : ids) {
            const auto i = static_cast<size_t>(id);
            if (i >= lists_.size()) lists_.resize(i + 1);
            lists_[i].push_back(counted_.size());
        }
        counted_.push_back({name, {}, std::vector<int64_t>(static_cast<size_t>(layers), 0)});
    }
    counted_.push_back({"", {}, std::vector<int64_t>(static_cast<size_t>(layers), 0)});
}

void ClassDepths::add(Counted& to, const BatchDepths& depths, size_t token) const {
    ++to.sequences.back().tokens;
    for (size_t l = 0; l < depths.size(); ++l) {
        to.sequences.back().hops += depths[l][token];
        to.layers[l] += depths[l][token];
    }
}

void ClassDepths::count(const at::Tensor& ids, const BatchDepths& depths) {
    if (counted_.empty()) return;
    const auto rows = ids.to(at::kCPU).contiguous();
    const auto* id = rows.const_data_ptr<int64_t>();
    const auto sequences = static_cast<size_t>(rows.size(0)),
               length = static_cast<size_t>(rows.size(1));
    for (size_t s = 0; s < sequences; ++s) {
        for (Counted& one : counted_) one.sequences.emplace_back();
        for (size_t t = s * length; t < (s + 1) * length; ++t) {
            const auto i = static_cast<size_t>(id[t]);
            const bool listed = i < lists_.size() && !lists_[i].empty();
            if (!listed) {
                add(counted_.back(), depths, t);
                continue;
            }
            for (const size_t list : lists_[i]) add(counted_[list], depths, t);
        }
    }
}

ClassDepth ClassDepths::depth_of(const Counted& counted) const {
    ClassDepth out;
    out.name = counted.name;
    const auto layers = static_cast<double>(layers_);
    const auto mean = [&](std::span<const int64_t> drawn) {
        double tokens = 0, hops = 0;
        for (const int64_t i : drawn) {
            tokens += static_cast<double>(counted.sequences[static_cast<size_t>(i)].tokens);
            hops += static_cast<double>(counted.sequences[static_cast<size_t>(i)].hops);
        }
        return hops / (tokens * layers);
    };
    std::vector<int64_t> with;
    for (size_t i = 0; i < counted.sequences.size(); ++i) {
        out.tokens += counted.sequences[i].tokens;
        if (counted.sequences[i].tokens > 0) with.push_back(static_cast<int64_t>(i));
    }
    if (out.tokens == 0) return out;
    out.mean_hops = mean(with);
    for (const int64_t hops : counted.layers)
        out.layers.push_back(static_cast<double>(hops) / static_cast<double>(out.tokens));
    // Drawn from those that have one, so that no resample is without.
    const auto drawn =
        stats::bootstrap_statistic(static_cast<int64_t>(with.size()),
                                   [&](std::span<const int64_t> picks) {
                                       std::vector<int64_t> sequences;
                                       for (const int64_t pick : picks)
                                           sequences.push_back(with[static_cast<size_t>(pick)]);
                                       return mean(sequences);
                                   },
                                   {kClassResamples, kClassSeed});
    const auto interval = drawn.interval(0.95);
    out.low = interval.low;
    out.high = interval.high;
    return out;
}

std::vector<ClassDepth> ClassDepths::depths() const {
    std::vector<ClassDepth> out;
    for (const Counted& one : counted_)
        if (ClassDepth depth = depth_of(one); depth.tokens > 0) out.push_back(std::move(depth));
    return out;
}

}  // namespace hopscope::core::lab
