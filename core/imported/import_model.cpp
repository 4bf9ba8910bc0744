#include "core/imported/import_model.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>

#include "core/base/clock.h"
#include "core/base/files.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/imported/imported_document.h"
#include "core/imported/imported_rows_file.h"
#include "core/imported/imported_run.h"
#include "core/imported/recorded_routing.h"
#include "core/imported/router_tensors.h"
#include "core/imported/served_routing.h"
#include "core/imported/vocabulary.h"
#include "core/run/new_folder.h"
#include "core/run/run_info.h"
#include "core/run/whole_folder.h"

namespace hopscope::core {
namespace {

struct NamedTrace {
    std::string name;    ///< traces/NAME.safetensors
    std::string source;  ///< file name of what was read
    RecordedRouting routing;
};

/// "traces/reply.json" → "reply"; "reply-2" where that is taken.
std::string free_name(const std::string& path, const std::vector<NamedTrace>& taken) {
    const std::string stem = config_name_of(path);
    std::string name = stem;
    const auto is_taken = [&](const NamedTrace& trace) { return trace.name == name; };
    for (int n = 2; std::any_of(taken.begin(), taken.end(), is_taken); ++n)
        name = stem + "-" + std::to_string(n);
    return name;
}

/// Whether a trace is hopscope.routing/1, and no server's: by its name, or by how the file begins,
/// with the length of a JSON object.
bool is_own_trace(const std::string& path) {
    if (path.ends_with(".safetensors")) return true;
    const auto file = open_to_read(path);
    std::array<char, 9> begin{};
    if (!file || file->bytes < begin.size()) return false;
    const auto got = read_at(*file, 0, begin, path);
    uint64_t length = 0;
    std::memcpy(&length, begin.data(), sizeof length);
    return got && *got == begin.size() && begin.back() == '{' &&
           length <= file->bytes - sizeof length;
}

/// Which of the numbers that a trace may have are in this one.
OrderedJson parts_of(const RecordedRouting& routing) {
    OrderedJson out = {"experts"};
    const auto all = [&](auto part) {
        return std::none_of(routing.layers.begin(), routing.layers.end(),
                            [&](const RecordedLayer& layer) { return (layer.*part).empty(); });
    };
    if (all(&RecordedLayer::weights)) out.push_back("weights");
    if (all(&RecordedLayer::entropy)) out.push_back("entropy");
    if (all(&RecordedLayer::max_prob)) out.push_back("max_prob");
    if (std::none_of(routing.layers.begin(), routing.layers.end(),
                     [](const RecordedLayer& layer) { return layer.inputs.width == 0; }))
        out.push_back("position");
    if (!routing.tokens.empty()) out.push_back("tokens");
    if (!routing.pieces.empty()) out.push_back("pieces");
    return out;
}

class Import {
  public:
    Import(const ImportRequest& request, const Progress& progress, ModelFolder model,
           ModelLayout layout)
        : request_(request),
          progress_(progress),
          model_(std::move(model)),
          layout_(std::move(layout)),
          name_(name_of_model(model_.dir())) {}

    Status read_traces() {
        const bool own = std::any_of(request_.traces.begin(), request_.traces.end(), is_own_trace);
        std::map<std::string, std::vector<float>> corrections;
        for (const ModelLayer& layer : layout_.layers)
            for (const ModelRouter& router : layer.routers) {
                if (!own || router.correction.empty()) continue;
                auto values = read_correction(model_, router);
                if (!values) return values.error();
                corrections[router_prefix(layer.index, router.pool)] = *std::move(values);
            }
        for (const std::string& path : request_.traces) {
            progress_.report("reading " + folder_name(path), -1);
            auto routing = read_trace(path, corrections);
            if (!routing) return routing.error();
            std::string name = free_name(path, traces_);
            traces_.push_back({std::move(name), folder_name(path), *std::move(routing)});
            if (progress_.cancelled()) return stopped_on_request("import");
        }
        add_pieces();
        return {};
    }

    Result<std::string> write(const std::string& dir) {
        auto folder = WholeFolder::make(dir, FolderOf::run);
        if (!folder) return folder.error();
        if (auto s = fill(folder->path()); !s) return s.error();
        if (auto s = folder->finish(); !s) return s.error();
        return text_;
    }

  private:
    Result<RecordedRouting> read_trace(
        const std::string& path, const std::map<std::string, std::vector<float>>& corrections) {
        if (auto s = check_no_pointer(path); !s) return s.error();
        if (is_own_trace(path)) return read_routing(path, layout_, corrections);
        auto served = read_served_trace(path);
        if (!served) return served.error();
        return routing_of(*std::move(served), layout_, path);
    }

    /// Servers tell ids alone: what they spell is in the model's folder, or stays unknown.
    void add_pieces() {
        std::vector<int32_t> tokens;
        for (const NamedTrace& trace : traces_)
            if (trace.routing.pieces.empty())
                tokens.insert(tokens.end(), trace.routing.tokens.begin(),
                              trace.routing.tokens.end());
        if (tokens.empty()) return;
        progress_.report("reading the vocabulary", -1);
        const auto pieces = vocabulary_pieces(model_.dir(), tokens);
        for (NamedTrace& trace : traces_) {
            RecordedRouting& routing = trace.routing;
            if (!routing.pieces.empty() || routing.tokens.empty()) continue;
            if (!pieces)
                routing.notes.push_back("text of tokens: " + pieces.error().message);
            else
                add_pieces(routing, *pieces);
        }
    }

    static void add_pieces(RecordedRouting& routing, const TokenPieces& pieces) {
        std::set<int32_t> unknown;
        for (const int32_t id : routing.tokens)
            if (const auto found = pieces.find(id); found != pieces.end())
                routing.pieces.insert(*found);
            else if (id >= 0)
                unknown.insert(id);
        if (!unknown.empty())
            routing.notes.push_back(
                "text of tokens: tokenizer.json has none of " + std::to_string(unknown.size()) +
                " of the " + std::to_string(unknown.size() + routing.pieces.size()) + " ids");
    }

    Status fill(const std::string& dir) {
        for (const std::string& folder : {dir + "/geometry", dir + "/traces"})
            if (auto s = make_folder(folder); !s) return s;
        if (auto s = write_imported_rows(imported_rows_path(dir), model_, layout_, request_.align,
                                         progress_);
            !s)
            return s;
        for (const NamedTrace& trace : traces_)
            if (auto s = write_routing(imported_trace_path(dir, trace.name), trace.routing, layout_,
                                       trace.source);
                !s)
                return s;
        text_ = dump_pretty(document());
        if (auto s = write_file_atomic(dir + "/imported.json", text_); !s) return s;
        RunInfo info;
        info.program_version = HOPSCOPE_VERSION;
        info.config_name = name_;
        info.source = model_.dir();
        info.parameters = std::min(counts().front().second, int64_t{1} << 53);
        info.created = unix_seconds();
        info.state = RunState::imported;
        // Last: with run.json the folder is a run.
        return write_file_atomic(dir + "/run.json", run_info_json(info));
    }

    NamedCounts counts() const { return parameter_counts(model_, layout_); }

    OrderedJson document() const {
        OrderedJson j = {{"format", kImportedFormat}, {"name", name_}};
        j.update(layout_json(layout_, counts(), dtype_counts(model_)));
        j["source"] = model_.dir();
        j["source_files"] = OrderedJson::array({"config.json"});
        for (const std::string& file : model_.files()) j["source_files"].push_back(file);
        j["experts_read"] = static_cast<bool>(request_.align);
        j["traces"] = OrderedJson::array();
        for (const NamedTrace& trace : traces_) {
            OrderedJson layers = OrderedJson::array();
            for (const RecordedLayer& layer : trace.routing.layers)
                layers.push_back({{"index", layer.layer}, {"router", layer.pool}});
            j["traces"].push_back({{"name", trace.name},
                                   {"source", trace.source},
                                   {"texts", trace.routing.sequences},
                                   {"tokens", trace.routing.rows()},
                                   {"layers", std::move(layers)},
                                   {"holds", parts_of(trace.routing)},
                                   {"notes", trace.routing.notes}});
        }
        return j;
    }

    const ImportRequest& request_;
    const Progress& progress_;
    ModelFolder model_;
    ModelLayout layout_;
    std::string name_;
    std::vector<NamedTrace> traces_;
    std::string text_;
};

}  // namespace

std::string name_of_model(const std::string& dir) {
    return plain_name(folder_name(dir));
}

Result<std::string> import_model(const ImportRequest& request, const Progress& progress) {
    if (auto s = check_new_folder(request.out, FolderOf::run); !s) return s.error();
    progress.report("reading headers", -1);
    auto model = ModelFolder::open(request.model);
    if (!model) return model.error();
    auto layout = layout_of(*model);
    if (!layout) return layout.error();
    Import import(request, progress, *std::move(model), *std::move(layout));
    if (auto s = import.read_traces(); !s) return s.error();
    return import.write(request.out);
}

}  // namespace hopscope::core
