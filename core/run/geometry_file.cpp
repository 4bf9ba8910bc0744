#include "core/run/geometry_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <deque>

#include "core/base/half.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/run/safetensors.h"
#include "core/run/safetensors_file.h"
#include "core/run/step_names.h"

namespace hopscope::core {
namespace {

constexpr const char* kGeometryFormat = "hopscope.geometry/1";
constexpr int64_t kMaxSize = int64_t{1} << 24;  ///< no expert count, space or sample comes near it

std::string layer_name(size_t layer, const char* what) {
    return "layers." + std::to_string(layer) + "." + what;
}

/// Collects the tensors of one file; owns the halves made on the way.
class Builder {
  public:
    void halves(std::string name, std::vector<int64_t> shape, const std::vector<float>& values) {
        halves_.push_back(halves_from_floats(values));
        add(std::move(name), "F16", std::move(shape), halves_.back().data(), values.size() * 2);
    }
    template <class T>
    void plain(std::string name, const char* dtype, std::vector<int64_t> shape,
               const std::vector<T>& values) {
        add(std::move(name), dtype, std::move(shape), values.data(), values.size() * sizeof(T));
    }
    const std::vector<TensorView>& tensors() const { return tensors_; }

  private:
    void add(std::string name, const char* dtype, std::vector<int64_t> shape, const void* data,
             size_t bytes) {
        tensors_.push_back({std::move(name), dtype, std::move(shape), data, bytes});
    }
    std::deque<std::vector<uint16_t>> halves_;
    std::vector<TensorView> tensors_;
};

/// Copies tensors out of a checked file; remembers the first that is missing or of another shape.
class Reader {
  public:
    explicit Reader(const SafetensorsFile& file) : file_(file) {}
    bool has(const std::string& name) const { return file_.find(name) != nullptr; }

    /// The shape found, or empty after an error.
    std::vector<int64_t> halves(const std::string& name, std::vector<int64_t> shape,
                                std::vector<float>& out) {
        const TensorView* tensor = get(name, "F16", shape);
        if (!tensor) return {};
        out = floats_from_halves({static_cast<const std::byte*>(tensor->data), tensor->bytes});
        return tensor->shape;
    }
    template <class T>
    std::vector<int64_t> plain(const std::string& name, const char* dtype,
                               std::vector<int64_t> shape, std::vector<T>& out) {
        const TensorView* tensor = get(name, dtype, shape);
        if (!tensor) return {};
        out.resize(tensor->bytes / sizeof(T));
        if (!out.empty()) std::memcpy(out.data(), tensor->data, tensor->bytes);
        return tensor->shape;
    }
    void fail(const std::string& message) {
        if (status_) status_ = usage_error(shown_path(file_.path()) + ": " + message);
    }
    const Status& status() const { return status_; }

  private:
    const TensorView* get(const std::string& name, const char* dtype,
                          const std::vector<int64_t>& shape) {
        if (!status_) return nullptr;
        auto tensor = file_.expect(name, dtype, shape);
        if (!tensor) {
            status_ = tensor.error();
            return nullptr;
        }
        // A size beside a zero costs no bytes, but would cost loops over it.
        for (const int64_t size : (*tensor)->shape)
            if (size > kMaxSize)
                fail("tensor " + in_quotes(name) + ": implausible size " + std::to_string(size));
        return status_ ? *tensor : nullptr;
    }
    const SafetensorsFile& file_;
    Status status_;
};

void read_layer(Reader& reader, size_t l, int64_t tokens, LayerGeometry& layer) {
    const auto centroids = reader.halves(layer_name(l, "centroids"), {-1, -1}, layer.centroids);
    if (!reader.status()) return;
    layer.experts = centroids[0];
    layer.d_space = centroids[1];
    const auto choices =
        reader.plain(layer_name(l, "choices"), "I32", {-1, tokens, -1}, layer.choices);
    if (!reader.status()) return;
    layer.hops = choices[0];
    layer.top_k = choices[2];
    for (const int32_t choice : layer.choices)
        if (choice < 0 || choice >= layer.experts)
            return reader.fail("tensor " + in_quotes(layer_name(l, "choices")) + ": expert " +
                               std::to_string(choice) + " found, 0 to " +
                               std::to_string(layer.experts - 1) + " expected");
    const std::vector<int64_t> hop_token = {layer.hops, tokens};
    if (reader.has(layer_name(l, "load")))
        reader.plain(layer_name(l, "load"), "F32", {layer.experts}, layer.load);
    if (reader.has(layer_name(l, "positions")))
        reader.halves(layer_name(l, "positions"), {layer.hops, tokens, layer.d_space},
                      layer.positions);
    if (reader.has(layer_name(l, "weights")))
        reader.halves(layer_name(l, "weights"), {layer.hops, tokens, layer.top_k}, layer.weights);
    if (reader.has(layer_name(l, "entropy")))
        reader.halves(layer_name(l, "entropy"), hop_token, layer.entropy);
    if (reader.has(layer_name(l, "jaccard")))
        reader.plain(layer_name(l, "jaccard"), "F32", {layer.hops, layer.hops}, layer.jaccard);
}

/// The metadata of a geometry file as one object with numbers and lists, so that one reader checks
/// it all.
Result<Json> metadata_of(const SafetensorsFile& file) {
    Json object = Json::object();
    for (const auto& [key, text] : file.metadata()) {
        if (key == "format") {
            object[key] = text;
            continue;
        }
        auto value = parse_object("{\"v\": " + text + "}",
                                  shown_path(file.path()) + ": metadata " + in_quotes(key));
        if (!value) return value.error();
        object[key] = std::move((*value)["v"]);
    }
    return object;
}

}  // namespace

Status write_geometry(const std::string& path, const GeometrySnapshot& snapshot,
                      const std::vector<Projection>& projections) {
    const auto tokens = static_cast<int64_t>(snapshot.token_ids.size());
    Builder file;
    file.plain("token_ids", "I32", {tokens}, snapshot.token_ids);
    if (!snapshot.next_loss.empty()) file.plain("next_loss", "F32", {tokens}, snapshot.next_loss);
    for (size_t l = 0; l < snapshot.layers.size(); ++l) {
        const LayerGeometry& layer = snapshot.layers[l];
        const int64_t hops = layer.hops, k = layer.top_k;
        file.halves(layer_name(l, "centroids"), {layer.experts, layer.d_space}, layer.centroids);
        file.plain(layer_name(l, "choices"), "I32", {hops, tokens, k}, layer.choices);
        // A router without one of these leaves its vector empty.
        if (!layer.load.empty())
            file.plain(layer_name(l, "load"), "F32", {layer.experts}, layer.load);
        if (!layer.positions.empty())
            file.halves(layer_name(l, "positions"), {hops, tokens, layer.d_space}, layer.positions);
        if (!layer.weights.empty())
            file.halves(layer_name(l, "weights"), {hops, tokens, k}, layer.weights);
        if (!layer.entropy.empty())
            file.halves(layer_name(l, "entropy"), {hops, tokens}, layer.entropy);
        if (!layer.jaccard.empty())
            file.plain(layer_name(l, "jaccard"), "F32", {hops, hops}, layer.jaccard);
        if (l < projections.size() && !projections[l].shape.empty())
            file.halves(layer_name(l, "projection"), projections[l].shape, projections[l].values);
    }
    return write_safetensors(path, file.tensors(),
                             {{"format", kGeometryFormat},
                              {"step", std::to_string(snapshot.step)},
                              {"version", std::to_string(snapshot.version)},
                              {"seconds", dump_line(snapshot.seconds)},
                              {"pieces", dump_line(snapshot.pieces)},
                              {"classes", dump_line(snapshot.classes)}},
                             DebugPoint::geometry_rename);
}

uint64_t geometry_bytes(const GeometrySnapshot& snapshot,
                        const std::vector<Projection>& projections) {
    constexpr uint64_t kHeaderOfTensor = 160, kHeader = 1024;
    uint64_t bytes = kHeader + 4 * (snapshot.token_ids.size() + snapshot.next_loss.size());
    // Quotes, comma, and the escapes of quotes inside a text inside a text.
    for (const auto* texts : {&snapshot.pieces, &snapshot.classes})
        for (const std::string& text : *texts) bytes += text.size() * 4 + 8;
    for (const LayerGeometry& layer : snapshot.layers)
        bytes += 8 * kHeaderOfTensor +
                 4 * (layer.choices.size() + layer.load.size() + layer.jaccard.size()) +
                 2 * (layer.centroids.size() + layer.positions.size() + layer.weights.size() +
                      layer.entropy.size());
    for (const Projection& projection : projections) bytes += 2 * projection.values.size();
    return bytes;
}

Result<GeometrySnapshot> read_geometry(const std::string& path) {
    auto file = SafetensorsFile::open(path);
    if (!file) return file.error();
    auto metadata = metadata_of(*file);
    if (!metadata) return metadata.error();
    if (auto status = expect_format(*metadata, kGeometryFormat, path); !status)
        return status.error();
    GeometrySnapshot snapshot;
    FieldReader fields(*metadata, path);
    fields.required()
        .integer("step", snapshot.step)
        .natural("version", snapshot.version)
        .number("seconds", snapshot.seconds)
        .texts("pieces", snapshot.pieces)
        .texts("classes", snapshot.classes);
    if (auto status = fields.status(); !status) return status.error();
    if (auto status = check_step_of(path, snapshot.step, ".safetensors"); !status)
        return status.error();

    Reader reader(*file);
    reader.plain("token_ids", "I32", {-1}, snapshot.token_ids);
    const size_t tokens = snapshot.token_ids.size();
    for (const auto* texts : {&snapshot.pieces, &snapshot.classes})
        if (!texts->empty() && texts->size() != tokens)
            reader.fail(std::to_string(texts->size()) + " pieces or classes found for " +
                        std::to_string(tokens) + " tokens");
    if (reader.has("next_loss"))
        reader.plain("next_loss", "F32", {static_cast<int64_t>(tokens)}, snapshot.next_loss);
    for (size_t l = 0; reader.status() && reader.has(layer_name(l, "centroids")); ++l)
        read_layer(reader, l, static_cast<int64_t>(tokens), snapshot.layers.emplace_back());
    if (!reader.status()) return reader.status().error();
    return snapshot;
}

std::vector<int64_t> thin_geometry(std::vector<GeometryEntry> entries, uint64_t budget,
                                   int64_t settled) {
    std::sort(entries.begin(), entries.end(),
              [](const GeometryEntry& a, const GeometryEntry& b) { return a.step < b.step; });
    uint64_t total = 0;
    for (const GeometryEntry& entry : entries) total += entry.bytes;
    std::vector<int64_t> dropped;
    while (total > budget && entries.size() > 1) {
        size_t drop = 0;
        double narrowest = INFINITY;
        // The inner entry whose absence leaves the smallest hole in the logarithm of the step.
        for (size_t i = 1; i + 1 < entries.size(); ++i) {
            const bool fitted = settled >= 0 && entries[i].step >= settled &&
                                entries[i - 1].step < settled && entries.size() > 3;
            if (fitted) continue;
            const double hole = std::log1p(static_cast<double>(entries[i + 1].step)) -
                                std::log1p(static_cast<double>(entries[i - 1].step));
            if (hole < narrowest) {
                narrowest = hole;
                drop = i;
            }
        }
        total -= entries[drop].bytes;
        dropped.push_back(entries[drop].step);
        entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(drop));
    }
    return dropped;
}

}  // namespace hopscope::core
