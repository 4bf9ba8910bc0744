#include "core/lab/batch_file.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <toml++/toml.h>

#include "core/base/files.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/config/parse.h"

namespace hopscope::core::lab {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr size_t kMaxRuns = 10'000;

/// One [[run]] as it stands in the file.
struct Entry {
    std::string config, name;
    std::vector<uint64_t> seeds;
    std::vector<std::string> set;
    int64_t line = 0;
};

class Reader {
  public:
    explicit Reader(std::string path) : path_(std::move(path)) {}

    Status read(const toml::table& root) {
        for (const auto& [key, node] : root) {
            if (key.str() == "set") {
                if (auto s = read_texts("set", node, shared_); !s) return s;
            } else if (key.str() == "run") {
                if (auto s = read_runs(node); !s) return s;
            } else {
                return unknown(std::string(key.str()), key.source().begin.line, "set | [[run]]");
            }
        }
        if (entries_.empty())
            return usage_error(path_ +
                               ": no [[run]] found; allowed: one [[run]] for each configuration, "
                               "with config = \"FILE\"");
        return {};
    }

    const std::vector<std::string>& shared() const { return shared_; }
    const std::vector<Entry>& entries() const { return entries_; }
    std::string at(int64_t line) const { return path_ + ":" + std::to_string(line) + ": "; }

  private:
    Error unknown(const std::string& key, int64_t line, const std::string& allowed) const {
        return usage_error(at(line) + "unknown key " + shown(key) + "; allowed " + allowed);
    }
    Error wrong(const std::string& key, const toml::node& node, const std::string& allowed) const {
        return usage_error(at(node.source().begin.line) + key + ": allowed " + allowed);
    }

    Status read_texts(const std::string& key, const toml::node& node,
                      std::vector<std::string>& out) const {
        const auto* array = node.as_array();
        if (!array) return wrong(key, node, "an array of \"table.key=value\"");
        for (const toml::node& item : *array) {
            const auto* text = item.as_string();
            if (!text) return wrong(key, item, "an array of \"table.key=value\"");
            if (auto s = check_override(text->get(), "set"); !s)
                return usage_error(at(item.source().begin.line) + s.error().message);
            out.push_back(text->get());
        }
        return {};
    }

    Status read_seeds(const toml::node& node, std::vector<uint64_t>& out) const {
        const std::string allowed = "an array of different integers from 0, e.g. [42, 137, 7]";
        const auto* array = node.as_array();
        if (!array || array->empty()) return wrong("run.seeds", node, allowed);
        for (const toml::node& item : *array) {
            const auto* seed = item.as_integer();
            if (!seed || seed->get() < 0) return wrong("run.seeds", item, allowed);
            const auto value = static_cast<uint64_t>(seed->get());
            if (std::count(out.begin(), out.end(), value) > 0)
                return wrong("run.seeds", item,
                             allowed + "; found " + std::to_string(value) + " twice");
            out.push_back(value);
        }
        return {};
    }

    Status read_text(const std::string& key, const toml::node& node, std::string& out) const {
        const auto* text = node.as_string();
        if (!text || text->get().empty()) return wrong(key, node, "a text that is not empty");
        out = text->get();
        return {};
    }

    Status read_runs(const toml::node& node) {
        const auto* array = node.as_array();
        if (!array) return wrong("run", node, "[[run]], once for each configuration");
        for (const toml::node& item : *array) {
            const auto* table = item.as_table();
            if (!table) return wrong("run", item, "[[run]], once for each configuration");
            auto entry = read_run(*table);
            if (!entry) return entry.error();
            entries_.push_back(std::move(*entry));
        }
        return {};
    }

    Result<Entry> read_run(const toml::table& table) const {
        Entry entry;
        entry.line = table.source().begin.line;
        for (const auto& [name, value] : table) {
            const std::string key(name.str());
            Status s;
            if (key == "config")
                s = read_text("run.config", value, entry.config);
            else if (key == "name")
                s = read_text("run.name", value, entry.name);
            else if (key == "seeds")
                s = read_seeds(value, entry.seeds);
            else if (key == "set")
                s = read_texts("run.set", value, entry.set);
            else
                s = unknown("run." + key, name.source().begin.line, "config | name | seeds | set");
            if (!s) return s.error();
        }
        if (entry.config.empty())
            return usage_error(at(entry.line) + "run.config is missing; allowed a TOML file");
        if (entry.config.ends_with('/'))
            return usage_error(at(entry.line) + "run.config: found " + in_quotes(entry.config) +
                               ", a folder; allowed a TOML file");
        if (entry.name.empty()) entry.name = config_name_of(entry.config);
        const auto fits = [](unsigned char c) {
            return std::isalnum(c) || c == '_' || c == '-' || c == '.';
        };
        if (entry.name.empty() || entry.name.front() == '.' ||
            entry.name.size() > kLongestFolderName ||
            !std::all_of(entry.name.begin(), entry.name.end(), fits))
            return usage_error(at(entry.line) + "run.name: found " + in_quotes(entry.name) +
                               ", allowed up to " + std::to_string(kLongestFolderName) +
                               " letters, digits, '_', '-' and '.', not '.' first (it names the "
                               "run's folder)");
        return entry;
    }

    std::string path_;
    std::vector<std::string> shared_;
    std::vector<Entry> entries_;
};

/// The runs of one [[run]].
Status append_runs(const Entry& entry, const Reader& reader, const std::string& folder,
                   const std::vector<std::string>& overrides, std::vector<BatchRun>& out) {
    const auto path = (std::filesystem::path(folder) / entry.config).string();
    std::vector<std::string> all = reader.shared();
    all.insert(all.end(), entry.set.begin(), entry.set.end());
    all.insert(all.end(), overrides.begin(), overrides.end());
    auto config = load_config(path, all);
    if (!config) return said_of(reader.at(entry.line), config.error());  // names the file
    const auto seeds =
        entry.seeds.empty() ? std::vector<uint64_t>{config->train.seed} : entry.seeds;
    for (size_t i = 0; i < seeds.size(); ++i) {
        BatchRun run;
        run.variant = entry.name;
        run.seed = seeds[i];
        run.round = static_cast<int64_t>(i);
        run.name = entry.name + "-seed" + std::to_string(run.seed);
        run.config_name = config_name_of(entry.config);
        run.config = *config;
        run.config.train.seed = run.seed;
        out.push_back(std::move(run));
    }
    return {};
}

}  // namespace

Result<std::vector<BatchRun>> read_batch_file(const std::string& path,
                                              const std::vector<std::string>& overrides) {
    auto text = read_text(path, kMaxFileBytes);
    if (!text) return text.error();
    Reader reader(shown_path(path));
    try {
        if (auto s = reader.read(toml::parse(*text)); !s) return s.error();
    } catch (const toml::parse_error& e) {
        return usage_error(reader.at(e.source().begin.line) + shown(e.description()));
    }
    std::vector<BatchRun> runs;
    std::map<std::string, int64_t> lines;
    const std::string folder = parent_dir(path);
    for (const Entry& entry : reader.entries()) {
        // The folder is named by both, so that equal pairs would be one run twice.
        const size_t before = runs.size();
        if (auto s = append_runs(entry, reader, folder, overrides, runs); !s) return s.error();
        if (runs.size() > kMaxRuns)
            return usage_error(shown_path(path) + ": more than " + std::to_string(kMaxRuns) +
                               " runs");
        for (size_t i = before; i < runs.size(); ++i) {
            const auto [other, is_new] = lines.emplace(runs[i].name, entry.line);
            if (!is_new)
                return usage_error(reader.at(entry.line) + "run " + in_quotes(runs[i].name) +
                                   " stands in line " + std::to_string(other->second) +
                                   " already; give one of them another run.name");
        }
    }
    return runs;
}

}  // namespace hopscope::core::lab
