#include "core/run/run_folder.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/base/output_place.h"
#include "core/base/state_text.h"
#include "core/base/utf8.h"
#include "core/config/parse.h"
#include "core/run/step_names.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGeometrySuffix = ".safetensors";
constexpr const char* kEvalSuffix = ".json";
const char* const kFolders[] = {"metrics", "checkpoints", "geometry", "eval"};
constexpr size_t kMaxBytes = size_t{16} << 20;
const char* const kFiles[] = {"config.toml",     "run.json",     "metrics.csv",
                              "tokenizer.model", "events.jsonl", "difference.csv"};
const char* const kDataFiles[] = {"train.tokens", "valid.tokens", "train.txt", "valid.txt",
                                  "truth.json"};

/// Files of the names that an unfinished one of `name` has.
void remove_unfinished(const std::string& dir, const std::string& name) {
    std::error_code ignored;
    fs::remove(dir + "/" + name + ".tmp", ignored);
    const std::string numbered = name + ".partial-";
    for (const std::string& found : names_in(dir))
        if (found.starts_with(numbered)) fs::remove(dir + "/" + found, ignored);
}

/// Temporary files of an interrupted process. Only names that this program makes of ours.
void remove_leftovers(const std::string& dir) {
    for (const char* name : kFiles) remove_unfinished(dir, name);
    for (const char* name : kDataFiles) remove_unfinished(dir + "/data", name);
    std::error_code ignored;
    for (const auto& [folder, suffix] :
         {std::pair("geometry", kGeometrySuffix), std::pair("eval", kEvalSuffix)})
        for (const int64_t step : steps_in(dir + "/" + folder, std::string(suffix) + ".tmp"))
            fs::remove(dir + "/" + folder + "/" + step_name(step, suffix) + ".tmp", ignored);
}

/// Everything that has a run's names, unfinished or not; a folder goes if nothing else is in it.
void remove_run(const std::string& dir) {
    std::error_code ignored;
    remove_leftovers(dir);
    for (const char* name : kFiles) fs::remove(dir + "/" + name, ignored);
    for (const char* name : kDataFiles) fs::remove(dir + "/data/" + name, ignored);
    for (const auto& [folder, suffix] :
         {std::pair("geometry", kGeometrySuffix), std::pair("eval", kEvalSuffix),
          std::pair("checkpoints", "")})
        for (const int64_t step : steps_in(dir + "/" + folder, suffix))
            fs::remove_all(dir + "/" + folder + "/" + step_name(step, suffix), ignored);
    for (const std::string& name : names_in(dir + "/metrics"))
        if (name.starts_with("events.out.tfevents.")) fs::remove(dir + "/metrics/" + name, ignored);
    for (const char* name : kFolders) fs::remove(dir + "/" + name, ignored);
    fs::remove(dir + "/data", ignored);
}

Result<RunInfo> read_info(const std::string& path) {
    auto text = read_file(path, kMaxBytes);
    if (!text) return text.error();
    return parse_run_info(*text, shown_path(path));
}

std::string without_last_slash(std::string dir) {
    while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
    return dir;
}

}  // namespace

std::string default_run_dir(const std::string& config_name, const std::string& base) {
    std::string name = config_name;
    std::replace(name.begin(), name.end(), '/', '_');
    const std::string plain = base + "/" + name + local_time("-%Y%m%d-%H%M%S");
    std::string dir = plain;
    std::error_code ignored;
    for (int i = 2; fs::exists(dir, ignored); ++i) dir = plain + "-" + std::to_string(i);
    return dir;
}

Status RunFolder::fill(const std::string& config_toml) {
    for (const char* name : kFolders)
        if (auto status = make_folder(dir_ + "/" + name); !status) return status;
    if (auto status = write_config(config_toml); !status) return status;
    // Last: with run.json the folder is a run.
    if (auto status = write_info(info_); !status) return status;
    return sync_dir(parent_dir(dir_));
}

Result<RunFolder> RunFolder::create(const std::string& path, const std::string& config_toml,
                                    const RunInfo& info) {
    const std::string dir = without_last_slash(path);
    auto place = NewFolder::make(dir, FolderOf::run);
    if (!place) return place.error();
    RunFolder folder(dir, info);
    auto lock = place->become([&] { return folder.fill(config_toml); }, [&] { remove_run(dir); });
    if (!lock) return lock.error();
    folder.lock_ = *std::move(lock);
    folder.place_ = *std::move(place);
    return folder;
}

void RunFolder::undo_create() {
    if (!place_ || !check()) return;
    remove_run(dir_);
    place_->undo(std::move(lock_), {});
    place_.reset();
}

Result<RunFolder> RunFolder::open(const std::string& path, bool writer) {
    const std::string dir = without_last_slash(path);
    if (!is_run_folder(dir))
        return usage_error(shown_path(dir) +
                           ": is no run folder (run.json is missing); give the folder that "
                           "hopscope train wrote, or of a published model what hopscope import "
                           "makes of it");
    auto info = read_info(dir + "/run.json");
    if (!info) return info.error();
    if (info->state == RunState::imported)
        return usage_error(shown_path(dir) + ": is an imported model (" + info->config_name +
                           "), with router rows and recorded choices but no weights that could be "
                           "run or trained; hopscope info and hopscope analyze take it");
    RunFolder folder(dir, *std::move(info));
    if (writer) {
        if (auto status = folder.lock(); !status) return status.error();
        if (auto status = folder.begin_writing(); !status) return status.error();
    }
    return folder;
}

Status RunFolder::lock() {
    auto lock = FolderLock::take(dir_, FolderOf::run);
    if (!lock) return lock.error();
    // What was read before the lock may be of another time.
    auto info = read_info(info_path());
    if (!info) return info.error();
    if (info->resumes != info_.resumes)
        return usage_error(shown_path(dir_) +
                           ": another process went on with this run meanwhile; open it again");
    if (auto status = check_places(); !status) return status;
    info_ = *std::move(info);
    lock_ = *std::move(lock);
    return {};
}

/// What is missing is made; a link to what is expected is one. Asked before anything is changed:
/// what stands in the way of a file that is due in an hour is no reason to fail then.
Status RunFolder::check_places() const {
    std::vector<std::string> folders(std::begin(kFolders), std::end(kFolders));
    folders.push_back("data");
    for (const std::string& name : folders)
        if (auto status = check_place(dir_ + "/" + name, FileKind::folder); !status) return status;
    std::vector<std::string> files;
    for (const char* name : kFiles) files.push_back(dir_ + "/" + name);
    for (const int64_t step : steps_in(dir_ + "/geometry", kGeometrySuffix))
        files.push_back(geometry_path(step));
    for (const int64_t step : evals()) files.push_back(eval_path(step));
    for (const std::string& path : files)
        if (auto status = check_place(path, FileKind::file); !status) return status;
    return checkpoints().check_places();
}

Status RunFolder::begin_writing() {
    if (auto status = lock_.sign(); !status) return status;
    remove_leftovers(dir_);
    for (const char* name : kFolders)
        if (auto status = make_folder(dir_ + "/" + name); !status) return status;
    return checkpoints().clean();
}

Status RunFolder::check() const {
    if (!lock_.held()) return {};
    if (auto status = lock_.check(); !status) return status;
    for (const std::string& path : {info_path(), config_path()}) {
        const FileKind kind = kind_of_file(path);
        if (kind == FileKind::file) continue;
        const std::string how =
            kind == FileKind::none ? "deleted" : std::string("replaced by ") + name_of(kind);
        return taken_away(path, "was " + how + " while the run was written");
    }
    return {};
}

std::string RunFolder::name() const {
    return folder_name(dir_);
}

Status RunFolder::write_info(const RunInfo& info) {
    if (auto status = check(); !status) return status;
    if (auto s = write_state_file(info_path(), run_info_json(info), DebugPoint::run_json_rename);
        !s)
        return s;
    info_ = info;
    return {};
}

Status RunFolder::write_state(RunState state, const std::string& reason) {
    RunInfo info = info_;
    info.state = state;
    info.reason = reason;
    return write_info(info);
}

Status RunFolder::write_config(const std::string& toml) const {
    return write_file_atomic(config_path(), toml, DebugPoint::config_rename);
}

std::string RunFolder::fork_path(int64_t step) const {
    return dir_ + "/forks/" + step_name(step);
}

std::string RunFolder::geometry_path(int64_t step) const {
    return dir_ + "/geometry/" + step_name(step, kGeometrySuffix);
}

std::string RunFolder::eval_path(int64_t step) const {
    return dir_ + "/eval/" + step_name(step, kEvalSuffix);
}

std::vector<GeometryEntry> RunFolder::geometry() const {
    std::vector<GeometryEntry> entries;
    for (const int64_t step : steps_in(dir_ + "/geometry", kGeometrySuffix)) {
        std::error_code error;
        const auto bytes = fs::file_size(geometry_path(step), error);
        if (!error) entries.push_back({step, bytes});
    }
    return entries;
}

std::vector<int64_t> RunFolder::evals() const {
    return steps_in(dir_ + "/eval", kEvalSuffix);
}

std::vector<int64_t> RunFolder::forks() const {
    return steps_in(dir_ + "/forks");
}

Result<bool> RunFolder::save_geometry(const GeometrySnapshot& snapshot,
                                      const std::vector<Projection>& projections,
                                      int64_t settled) const {
    const uint64_t bytes = geometry_bytes(snapshot, projections);
    if (bytes > kGeometryBudget) return false;
    if (auto status = check(); !status) return status.error();
    std::vector<GeometryEntry> entries = geometry();
    std::erase_if(entries, [&](const GeometryEntry& entry) { return entry.step == snapshot.step; });
    entries.push_back({snapshot.step, bytes});
    // Room first, so that the folder never exceeds its budget.
    for (const int64_t step : thin_geometry(entries, kGeometryBudget, settled)) {
        if (step == snapshot.step) return false;
        std::error_code error;
        fs::remove(geometry_path(step), error);
        if (error) return file_error("cannot delete", geometry_path(step), error.value());
    }
    if (auto status = write_geometry(geometry_path(snapshot.step), snapshot, projections); !status)
        return status.error();
    return true;
}

Result<Config> stored_config(const RunFolder& folder, const std::vector<std::string>& overrides) {
    return load_stored_config(folder.config_path(), overrides);
}

}  // namespace hopscope::core
