#include "core/imported/expert_layout.h"

#include <algorithm>
#include <array>

#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/imported/model_config.h"
#include "core/imported/packed_values.h"
#include "core/imported/tensor_values.h"

namespace hopscope::core {
namespace {

/// Of a matrix; what is larger belongs to no expert, and is not worth an allocation to find out.
constexpr uint64_t kMostNumbers = uint64_t{1} << 28;
constexpr std::string_view kNumber = "{}", kBlocks = "_blocks";

std::string with_number(std::string_view name, int64_t number) {
    std::string out(name);
    if (const size_t at = out.find(kNumber); at != std::string::npos)
        out.replace(at, kNumber.size(), std::to_string(number));
    return out;
}

int64_t blocks_of(int64_t numbers, int64_t block) {
    return (numbers + block - 1) / block;
}

/// Of the form [experts, rows, columns] without what is merged or packed.
struct Matrix {
    int64_t rows = 0, columns = 0;
};

class ExpertFinder {
  public:
    ExpertFinder(const ModelFolder& model, const ModelRouter& router, std::string prefix)
        : model_(model), router_(router), prefix_(std::move(prefix)) {}

    bool has(const ExpertForm& form) const { return tensor(form.down, 0) || tensor(form.up, 0); }

    Result<ExpertLayout> fill(const ExpertForm& form) {
        ExpertLayout out;
        out.width = router_.width;
        if (auto s = read_blocks(); !s) return s.error();
        auto inner = inner_of(form);
        if (!inner) return inner.error();
        out.inner = *inner;
        const bool both = form.gate == form.up;
        const struct {
            const char* name;
            std::string_view tensor;
            int64_t parts, part;  ///< of how many that lie in one matrix
        } kMatrices[] = {{"gate", form.gate, both ? 2 : 1, 0},
                         {"up", form.up, both ? 2 : 1, both ? 1 : 0},
                         {"down", form.down, 1, 0}};
        for (const auto& [name, tensor, parts, part] : kMatrices) {
            if (tensor.empty()) continue;
            ExpertMatrices found{name, tensor != form.down, {}};
            StoredMatrix where;
            where.inner_in_rows = found.reads != form.transposed;
            where.first = form.in_turn || parts == 1 ? part : part * out.inner;
            where.step = form.in_turn ? parts : 1;
            where.rows = where.inner_in_rows ? parts * out.inner : out.width;
            where.columns = where.inner_in_rows ? out.width : parts * out.inner;
            for (int64_t e = 0; e < router_.experts; ++e) {
                auto one = stored(tensor, e, where);
                if (!one) return one.error();
                found.experts.push_back(*one);
            }
            out.matrices.push_back(std::move(found));
        }
        return out;
    }

    Error not_found(const std::vector<ExpertForm>& forms) const {
        std::vector<std::string> names;
        for (const ExpertForm& form : forms)
            names.push_back(in_quotes(prefix_ + with_number(form.up, 0)));
        return usage_error(shown_path(model_.dir()) + ": the experts of router " +
                           in_quotes(router_.weight) + " are missing; expected " +
                           joined(names, " or "));
    }

  private:
    const TensorView* tensor(std::string_view name, int64_t expert) const {
        return model_.find(prefix_ + with_number(name, expert));
    }
    Result<const TensorView*> expect(const std::string& name) const {
        if (const TensorView* found = model_.find(name)) return found;
        return usage_error(shown_path(model_.dir()) + ": tensor " + in_quotes(name) +
                           " is missing, which the experts of router " + in_quotes(router_.weight) +
                           " need");
    }
    Error other_shape(const TensorView& found, const std::string& expected) const {
        const ModelShard* shard = model_.shard_of(found);
        return usage_error(shown_path(shard ? shard->path() : model_.dir()) + ": tensor " +
                           in_quotes(found.name) + ": found " + form_of(found) + ", " + expected);
    }

    /// Rows and columns of the matrices in a tensor, whatever else is around them.
    Result<Matrix> matrix_in(const TensorView& found, std::string_view name) const {
        std::vector<int64_t> shape = found.shape;
        const bool packed = name.ends_with(kBlocks), merged = name.find(kNumber) == name.npos;
        const size_t dimensions = 2 + (packed ? 1 : 0) + (merged ? 1 : 0);
        bool fits = shape.size() == dimensions;
        if (fits && packed) {
            fits = shape.back() == kPackedBlock / 2 && shape[dimensions - 2] <= kMostWidth;
            shape.pop_back();
            shape.back() *= kPackedBlock;
        }
        if (fits && merged) {
            fits = shape.front() == router_.experts;
            shape.erase(shape.begin());
        }
        if (fits) return Matrix{shape[0], shape[1]};
        return other_shape(
            found, std::string(merged ? "[" + std::to_string(router_.experts) + ", " : "[") +
                       (packed ? "rows, blocks, 16]" : "rows, columns]") + " expected");
    }

    /// The experts' hidden units, by the first matrix that reads.
    Result<int64_t> inner_of(const ExpertForm& form) const {
        const auto first = expect(prefix_ + with_number(form.up, 0));
        if (!first) return first.error();
        const auto matrix = matrix_in(**first, form.up);
        if (!matrix) return matrix.error();
        const bool both = form.gate == form.up;
        const int64_t units = form.transposed ? matrix->columns : matrix->rows,
                      reads = form.transposed ? matrix->rows : matrix->columns;
        const bool sound = units > 0 && units <= kMostWidth && (!both || units % 2 == 0) &&
                           static_cast<uint64_t>(units) * static_cast<uint64_t>(router_.width) <=
                               kMostNumbers * (both ? 2 : 1);
        if (sound && reads == router_.width) return both ? units / 2 : units;
        return other_shape(**first, (form.transposed ? "rows" : "columns") + std::string(" of ") +
                                        std::to_string(router_.width) +
                                        " numbers expected, as its router has them, and " +
                                        (both ? "an even number" : "some") + " of " +
                                        (form.transposed ? "columns" : "rows"));
    }

    Result<StoredMatrix> stored(std::string_view name, int64_t expert, StoredMatrix out) const {
        const auto found = expect(prefix_ + with_number(name, expert));
        if (!found) return found.error();
        out.values = *found;
        const auto matrix = matrix_in(**found, name);
        if (!matrix) return matrix.error();
        if (matrix->rows != out.rows || matrix->columns != out.columns)
            return other_shape(**found, "matrices of " + shape_text({out.rows, out.columns}) +
                                            " expected beside the others of their router");
        const bool merged = name.find(kNumber) == name.npos;
        out.number = merged ? expert : 0;
        if (name.ends_with(kBlocks)) return with_packed_scales(out, merged);
        if (auto s = check_numbers(*out.values); !s) return s.error();
        if (out.values->dtype.starts_with("F8_")) return with_block_scales(out, merged);
        return out;
    }

    /// Whether its dtype holds numbers; nothing else is looked at.
    Status check_numbers(const TensorView& tensor) const {
        TensorView none = tensor;
        none.bytes = 0;
        const ModelShard* shard = model_.shard_of(tensor);
        auto values = float_values(none, shard ? shard->path() : model_.dir());
        return values ? Status() : Status(values.error());
    }

    Result<StoredMatrix> with_scales(StoredMatrix out, const std::string& name,
                                     std::vector<int64_t> shape, bool merged) const {
        if (merged) shape.insert(shape.begin(), router_.experts);
        const auto found = expect(name);
        if (!found) return found.error();
        out.scales = *found;
        if (out.scales->shape == shape && (!out.packed || out.scales->dtype == "U8")) return out;
        return other_shape(*out.scales, (out.packed ? "U8 " : "") + shape_text(shape) +
                                            " expected as the scales of " +
                                            in_quotes(out.values->name));
    }

    Result<StoredMatrix> with_packed_scales(StoredMatrix out, bool merged) const {
        if (out.values->dtype != "U8") return other_shape(*out.values, "dtype U8 expected");
        out.packed = true;
        std::string name = out.values->name;
        name.replace(name.size() - kBlocks.size(), kBlocks.size(), "_scales");
        return with_scales(out, name, {out.rows, out.columns / kPackedBlock}, merged);
    }

    Result<StoredMatrix> with_block_scales(StoredMatrix out, bool merged) const {
        out.block_rows = block_rows_;
        out.block_columns = block_columns_;
        auto found = with_scales(
            out, out.values->name + "_scale_inv",
            {blocks_of(out.rows, block_rows_), blocks_of(out.columns, block_columns_)}, merged);
        if (!found)
            return with_advice(found.error(), "fp8 is read in blocks of " +
                                                  std::to_string(block_rows_) + " × " +
                                                  std::to_string(block_columns_));
        if (auto s = check_numbers(*found->scales); !s) return s.error();
        return found;
    }

    /// Of fp8, where config.json says it.
    Status read_blocks() {
        const auto quantised = model_.config().find("quantization_config");
        if (quantised == model_.config().end() || !quantised->is_object()) return {};
        const auto sizes = quantised->find("weight_block_size");
        if (sizes == quantised->end() || sizes->is_null()) return {};
        std::vector<int64_t> found;
        if (sizes->is_array())
            for (const Json& size : *sizes)
                if (const auto number = json_integer(size);
                    number && *number >= 1 && *number <= kMostWidth)
                    found.push_back(*number);
        if (found.size() != 2 || sizes->size() != 2)
            return usage_error(shown_path(model_.config_path()) +
                               ": quantization_config: \"weight_block_size\": found " +
                               shown(dump_line(*sizes)) + ", two numbers expected, 1 … " +
                               std::to_string(kMostWidth));
        block_rows_ = found[0];
        block_columns_ = found[1];
        return {};
    }

    const ModelFolder& model_;
    const ModelRouter& router_;
    std::string prefix_;  ///< "model.layers.7."
    int64_t block_rows_ = 128, block_columns_ = 128;
};

}  // namespace

Result<ExpertLayout> expert_layout(const ModelFolder& model, const ModelLayout& layout,
                                   const ModelRouter& router) {
    const Family* family = find_family(layout.family);
    if (!family)
        return usage_error(shown_path(model.dir()) + ": model_type " +
                           in_quotes(layout.model_type) +
                           " is not in the table of families, so where its experts lie is not "
                           "known; import it without --experts");
    for (const RouterNames& names : family->routers)
        for (const std::string_view weight : names.weight) {
            if (!router.weight.ends_with(weight)) continue;
            ExpertFinder finder(model, router,
                                router.weight.substr(0, router.weight.size() - weight.size()));
            for (const ExpertForm& form : names.experts)
                if (finder.has(form)) return finder.fill(form);
            return finder.not_found(names.experts);
        }
    return usage_error(shown_path(model.dir()) + ": router " + in_quotes(router.weight) +
                       " is none of its family's");
}

}  // namespace hopscope::core
