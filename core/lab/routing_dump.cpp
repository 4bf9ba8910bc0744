#include "core/lab/routing_dump.h"

#include <utility>

#include "core/base/half.h"
#include "core/base/utf8.h"

namespace hopscope::core::lab {
namespace {

/// The rows that one batch adds to one tensor.
struct Column {
    std::string name, dtype;
    std::vector<int64_t> row;  ///< shape behind the dimension of the sequences
    std::string bytes;
};

/// Collects the columns of one batch in their order.
class Columns {
  public:
    explicit Columns(int64_t length) : length_(length) {}

    template <class T>
    void add(std::string name, const char* dtype, std::vector<int64_t> row,
             const std::vector<T>& values) {
        columns_.push_back({std::move(name), dtype, std::move(row), {}});
        columns_.back().bytes.assign(reinterpret_cast<const char*>(values.data()),
                                     values.size() * sizeof(T));
    }
    /// One number a token.
    void numbers(std::string name, const std::vector<float>& values) {
        add(std::move(name), "F32", {length_}, values);
    }
    /// `width` numbers a token, fp16 where `half`.
    void rows(std::string name, const std::vector<float>& values, int64_t width, bool half) {
        if (half)
            add(std::move(name), "F16", {length_, width}, halves_from_floats(values));
        else
            add(std::move(name), "F32", {length_, width}, values);
    }
    int64_t length() const { return length_; }
    const std::vector<Column>& all() const { return columns_; }

  private:
    int64_t length_;
    std::vector<Column> columns_;
};

/// @param like hop 0 of the layer: a hop that no token of the batch ran has no widths of its own
void add_hop(Columns& out, const std::string& prefix, const TraceHop& hop, const TraceHop& like,
             int64_t tokens, const DumpForm& form, bool scored, bool narrow) {
    const int64_t k = like.top_k, s = like.d_space;
    if (narrow)
        out.add(prefix + "experts", "I16", {out.length(), k},
                std::vector<int16_t>(hop.experts.begin(), hop.experts.end()));
    else
        out.add(prefix + "experts", "I32", {out.length(), k}, hop.experts);
    out.rows(prefix + "weights", hop.weights, k, form.half);
    if (scored) {
        out.numbers(prefix + "entropy", hop.entropy);
        out.numbers(prefix + "max_prob", hop.max_prob);
    }
    out.numbers(prefix + "update_norm", hop.update_norm);
    out.numbers(prefix + "halt_ratio", hop.halt_ratio);
    out.add(prefix + "executed", "U8", {out.length()}, hop.executed);
    if (!form.positions || s == 0) return;
    const std::vector<float> none(hop.position.empty() ? static_cast<size_t>(tokens * s) : 0, kNaN);
    out.rows(prefix + "position", hop.position.empty() ? none : hop.position, s, form.half);
}

Columns columns_of(const TracedBatch& batch, const DumpForm& form, bool scored, bool narrow) {
    Columns out(batch.length);
    out.add("tokens", "I32", {batch.length}, batch.tokens);
    out.numbers("nll", batch.nll);
    out.add("next_token", "I32", {}, batch.next_token);
    out.add("next_nll", "F32", {}, batch.next_nll);
    for (size_t l = 0; l < batch.layers.size(); ++l) {
        const TraceLayer& layer = batch.layers[l];
        const std::string prefix = "layers." + std::to_string(l) + ".";
        out.numbers(prefix + "attention_norm", layer.attention_norm);
        out.numbers(prefix + "update_norm", layer.update_norm);
        for (size_t h = 0; h < layer.hops.size(); ++h)
            add_hop(out, prefix + "hops." + std::to_string(h) + ".", layer.hops[h], layer.hops[0],
                    batch.sequences * batch.length, form, scored, narrow);
    }
    return out;
}

/// Experts are numbered up to this in 16 bits.
constexpr int64_t kNarrowExperts = int64_t{1} << 15;

}  // namespace

RoutingDump::RoutingDump(std::string path, const Config& config, DumpForm form, int64_t sequences,
                         std::map<std::string, std::string> metadata)
    : path_(std::move(path)),
      form_(form),
      // A router without probabilities (hash) has neither entropy nor a highest one.
      scored_(config.moe.has_rows()),
      narrow_(config.moe.experts <= kNarrowExperts),
      sequences_(sequences),
      metadata_(std::move(metadata)) {}

Status RoutingDump::add(const TracedBatch& batch) {
    const Columns columns = columns_of(batch, form_, scored_, narrow_);
    if (!writer_) {
        std::vector<TensorView> tensors;
        for (const Column& c : columns.all()) {
            std::vector<int64_t> shape = {sequences_};
            shape.insert(shape.end(), c.row.begin(), c.row.end());
            const size_t bytes = c.bytes.size() / static_cast<size_t>(batch.sequences) *
                                 static_cast<size_t>(sequences_);
            tensors.push_back({c.name, c.dtype, std::move(shape), nullptr, bytes});
        }
        auto writer = SafetensorsWriter::create(path_, tensors, metadata_);
        if (!writer) return writer.error();
        writer_.emplace(std::move(*writer));
    }
    for (size_t i = 0; i < columns.all().size(); ++i) {
        const std::string& bytes = columns.all()[i].bytes;
        if (auto s = writer_->append(i, bytes.data(), bytes.size()); !s) return s;
    }
    return {};
}

Status RoutingDump::finish() {
    if (!writer_) return failure(shown_path(path_) + ": no batch was traced");
    return writer_->finish();
}

}  // namespace hopscope::core::lab
