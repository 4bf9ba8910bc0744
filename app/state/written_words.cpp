#include "app/state/written_words.h"

#include <filesystem>

#include "core/api/files.h"

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr const char* kDictionaryFile = "dictionary.json";
constexpr const char* kClustersFile = "clusters.json";
constexpr size_t kLargestDocument = size_t{64} << 20;
constexpr size_t kMostExperts = size_t{1} << 20;  ///< of a layer; an id above it is damage

fs::path analysis_file(const std::string& run, const char* name) {
    return fs::path(run) / "analysis" / name;
}

/// The result of a document, its step in `step`; throws Json::exception where it is none.
Json result_of(const std::string& text, int64_t& step) {
    Json document = Json::parse(text);
    step = document.value("step", int64_t{0});
    return document.at("result");
}

double number_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<double>() : core::kNaN;
}

std::string text_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

WrittenBy expert_in(const Json& from) {
    WrittenBy out;
    for (const Json& word : from.at("words"))
        out.words.push_back({word.at("piece").get<std::string>(), number_in(word, "score")});
    if (const auto near = from.find("words_cosine"); near != from.end())
        out.by_cosine = near->get<std::vector<std::string>>();
    out.purity = number_in(from, "purity");
    out.category = text_in(from, "category");
    out.hub = from.value("hub", false);
    return out;
}

void take_dictionary(const std::string& text, WrittenWords& out) {
    int64_t step = 0;
    const Json result = result_of(text, step);
    for (const Json& layer : result.at("layers")) {
        auto& experts = out.layers.emplace_back();
        for (const Json& expert : layer.at("experts")) {
            const auto id = expert.at("id").get<size_t>();
            if (id >= kMostExperts) continue;
            if (id >= experts.size()) experts.resize(id + 1);
            experts[id] = expert_in(expert);
        }
    }
    out.step = step;
}

void take_clusters(const std::string& text, WrittenWords& out) {
    int64_t step = 0, number = 0;
    const Json result = result_of(text, step);
    for (const Json& cluster : result.at("all")) {
        for (const Json& member : cluster.at("experts")) {
            const auto layer = member.at("layer").get<size_t>();
            const auto expert = member.at("expert").get<size_t>();
            if (layer >= out.layers.size() || expert >= out.layers[layer].size()) continue;
            WrittenBy& at = out.layers[layer][expert];
            if (at.cluster < 0) at.cluster = number;
        }
        ++number;
    }
    out.clusters_step = step;
}

int64_t changed_at(const fs::path& file) {
    std::error_code code;
    const auto time = fs::last_write_time(file, code);
    return code ? 0 : static_cast<int64_t>(time.time_since_epoch().count());
}

std::string text_of_file(const fs::path& file, std::string& problem) {
    if (!core::file_exists(file.string())) return {};
    auto text = core::read_file(file.string(), kLargestDocument);
    if (text) return *std::move(text);
    problem = text.error().message;
    return {};
}

}  // namespace

const WrittenBy* WrittenWords::find(size_t layer, size_t expert) const {
    if (layer >= layers.size() || expert >= layers[layer].size()) return nullptr;
    return &layers[layer][expert];
}

WrittenWords parse_written_words(const std::string& dictionary, const std::string& clusters) {
    WrittenWords out;
    if (dictionary.empty()) return out;
    const char* file = kDictionaryFile;
    try {
        take_dictionary(dictionary, out);
        file = kClustersFile;
        if (!clusters.empty()) take_clusters(clusters, out);
    } catch (const Json::exception& e) {
        if (out.step < 0) out.layers.clear();
        out.problem = std::string("analysis/") + file + " is no such document (" + e.what() +
                      "); run that analysis again";
    }
    return out;
}

WrittenFiles look_at_written_words(const std::string& run) {
    std::error_code code;
    const auto checkpoints = fs::directory_iterator(fs::path(run) / "checkpoints", code);
    return {changed_at(analysis_file(run, kDictionaryFile)),
            changed_at(analysis_file(run, kClustersFile)),
            !code && checkpoints != fs::directory_iterator()};
}

WrittenWords read_written_words(const std::string& run) {
    std::string problem;
    const std::string dictionary = text_of_file(analysis_file(run, kDictionaryFile), problem);
    const std::string clusters = text_of_file(analysis_file(run, kClustersFile), problem);
    WrittenWords out = parse_written_words(dictionary, clusters);
    if (out.problem.empty()) out.problem = problem;
    return out;
}

}  // namespace hopscope::app
