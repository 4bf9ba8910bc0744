#include "core/imported/imported_rows_file.h"

#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/imported/imported_run.h"
#include "core/imported/router_tensors.h"
#include "core/imported/routing_rule.h"
#include "core/run/safetensors_writer.h"

namespace hopscope::core {
namespace {

/// A router and where its experts are, if they are read.
struct Part {
    ModelLayer* layer;
    ModelRouter* router;
    ExpertLayout experts;
    std::string prefix;
};

class RowsFile {
  public:
    RowsFile(const ModelFolder& model, ModelLayout& layout, const AlignExperts& align,
             const Progress& progress)
        : model_(model), layout_(layout), align_(align), progress_(progress) {}

    /// Everything that headers can tell is known before the work.
    Status plan() {
        for (ModelLayer& layer : layout_.layers)
            for (ModelRouter& router : layer.routers) {
                Part part{&layer, &router, {}, router_prefix(layer.index, router.pool)};
                if (align_) {
                    auto experts = expert_layout(model_, layout_, router);
                    if (!experts) return experts.error();
                    part.experts = *std::move(experts);
                    all_ += std::ssize(part.experts.matrices) * router.experts;
                }
                parts_.push_back(std::move(part));
            }
        return {};
    }

    Status write(const std::string& path) {
        auto writer = SafetensorsWriter::create(
            path, heads(),
            {{"format", kImportedRowsFormat}, {"step", "0"}, {"family", layout_.family}});
        if (!writer) return writer.error();
        for (const Part& part : parts_) {
            tell(part);
            if (progress_.cancelled()) return stopped_on_request("import");
            auto tensors = read_router(model_, layout_, *part.router);
            if (!tensors) return tensors.error();
            if (auto s = add_router(*writer, *part.layer, *tensors); !s) return s;
            for (const ExpertMatrices& matrices : part.experts.matrices)
                if (auto s = add_experts(*writer, part, matrices, *tensors); !s) return s;
            if (!align_) ++done_;
        }
        return writer->finish();
    }

  private:
    std::vector<TensorView> heads() const {
        std::vector<TensorView> out;
        const auto add = [&](std::string name, std::vector<int64_t> shape) {
            size_t bytes = sizeof(float);
            for (const int64_t size : shape) bytes *= static_cast<size_t>(size);
            out.push_back({std::move(name), "F32", std::move(shape), nullptr, bytes});
        };
        for (const Part& part : parts_) {
            const ModelRouter& r = *part.router;
            add(part.prefix + ".centroids", {r.experts, r.width});
            if (!r.bias.empty()) add(part.prefix + ".bias", {r.experts});
            if (!r.correction.empty()) add(part.prefix + ".correction", {r.experts});
            if (!r.gain.empty()) add(part.prefix + ".norm_gain", {r.width});
            for (const ExpertMatrices& matrices : part.experts.matrices)
                for (const RowsTaken rows : kRowsTaken)
                    for (const auto& [list, member] : kAlignmentLists)
                        add(alignment_name(part.prefix, matrices.name, rows, list), {r.experts});
        }
        return out;
    }

    Status append(SafetensorsWriter& writer, const std::vector<float>& values) {
        return writer.append(next_++, values.data(), values.size() * sizeof(float));
    }

    Status add_router(SafetensorsWriter& writer, const ModelLayer& layer,
                      const RouterTensors& tensors) {
        for (const auto* values :
             {&tensors.rows, &tensors.bias, &tensors.correction, &tensors.gain}) {
            if (values->empty()) continue;
            if (first_not_finite(*values))
                warn(layer, "the router has numbers that are not finite");
            if (auto s = append(writer, *values); !s) return s;
        }
        return {};
    }

    Status add_experts(SafetensorsWriter& writer, const Part& part, const ExpertMatrices& matrices,
                       const RouterTensors& tensors) {
        std::vector<int64_t> left_out;
        const auto before = [&]() -> Status {
            tell(part);
            ++done_;
            return progress_.cancelled() ? Status(stopped_on_request("import")) : Status();
        };
        // Rows without a direction have no place among the experts'; they have been warned of.
        const bool sound = !first_not_finite(tensors.rows) && !first_not_finite(tensors.gain);
        const std::vector<double> none(static_cast<size_t>(part.router->experts), NAN);
        Alignment unknown;
        for (const auto& [name, list] : kAlignmentLists) unknown.*list = none;
        auto found = sound ? expert_alignment(model_, part.experts, matrices, tensors, align_,
                                              before, left_out)
                           : Result<std::vector<Alignment>>(std::vector{unknown, unknown});
        if (!found) return found.error();
        if (!sound) done_ += part.router->experts;
        for (const Alignment& a : *found)
            for (const auto& [name, list] : kAlignmentLists)
                if (auto s = append(writer, {(a.*list).begin(), (a.*list).end()}); !s) return s;
        if (!left_out.empty()) {
            std::vector<std::string> experts;
            for (const int64_t e : left_out) experts.push_back(std::to_string(e));
            warn(*part.layer, matrices.name + " of experts " + joined_first(experts, 8) +
                                  ": numbers that are not finite; they are left out");
        }
        part.router->inner = part.experts.inner;
        part.router->directions = (*found)[0].k;
        part.router->expert_matrices.push_back(matrices.name);
        return {};
    }

    void warn(const ModelLayer& layer, const std::string& what) {
        layout_.warnings.push_back("layer " + std::to_string(layer.index) + ": " + what);
    }

    void tell(const Part& part) const {
        const auto of = static_cast<double>(align_ ? all_ : std::ssize(parts_));
        progress_.report(align_ ? "reading experts, layer " + std::to_string(part.layer->index)
                                : "reading routers",
                         static_cast<double>(done_) / of);
    }

    const ModelFolder& model_;
    ModelLayout& layout_;
    const AlignExperts& align_;
    const Progress& progress_;
    std::vector<Part> parts_;
    size_t next_ = 0;
    int64_t done_ = 0, all_ = 0;
};

}  // namespace

Status write_imported_rows(const std::string& path, const ModelFolder& model, ModelLayout& layout,
                           const AlignExperts& align, const Progress& progress) {
    RowsFile file(model, layout, align, progress);
    if (auto s = file.plan(); !s) return s;
    return file.write(path);
}

}  // namespace hopscope::core
