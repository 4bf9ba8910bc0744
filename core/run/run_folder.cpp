#include "core/run/run_folder.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/config/config.h"
#include "core/run/step_names.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

constexpr int kLockAttempts = 4;
constexpr std::chrono::milliseconds kLockPause{25};
constexpr const char* kGeometrySuffix = ".safetensors";
constexpr const char* kEvalSuffix = ".json";
const char* const kFolders[] = {"metrics", "checkpoints", "geometry", "eval"};

Status make_folder(const std::string& dir) {
    std::error_code error;
    fs::create_directories(dir, error);
    return error ? file_error("cannot create the folder", dir, error.value()) : Status();
}

/// The lock of the one writer; it ends with the process, however that ends.
Result<FileHandle> take_lock(const std::string& dir) {
    const std::string path = dir + "/.lock";
    FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!file.valid()) return file_error("cannot open", path, errno);
    // Who only looks whether a run is being written holds the lock for a moment: that passes.
    int attempts = kLockAttempts;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return file_error("cannot lock", path, errno);
        if (--attempts > 0) {
            std::this_thread::sleep_for(kLockPause);
            continue;
        }
        char owner[32] = {};
        const ssize_t got = ::pread(file.get(), owner, sizeof owner - 1, 0);
        std::string process = got > 0 ? std::string(owner, static_cast<size_t>(got)) : "";
        process.erase(std::find_if_not(process.begin(), process.end(), ::isdigit), process.end());
        return usage_error(
            dir + ": another process" + (process.empty() ? "" : " (" + process + ")") +
            " is writing this run; stop it first, or open the run to look at it only");
    }
    // For people and for the message above; the lock itself needs no content.
    const std::string self = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) != 0) return file_error("cannot write", path, errno);
    if (auto status = write_all(file.get(), self.data(), self.size(), path); !status)
        return status.error();
    return file;
}

/// Refuses a folder that a new run would mix with or overwrite. What an interrupted create() left
/// is no obstacle.
Status check_free(const std::string& dir) {
    std::error_code error;
    const auto kind = fs::status(dir, error).type();
    if (kind == fs::file_type::not_found) return {};
    if (kind != fs::file_type::directory) return usage_error(dir + ": exists and is no folder");
    if (is_run_folder(dir))
        return usage_error(
            dir + ": holds a run already; go on with it by --resume, or choose another folder");
    const auto names = names_in(dir);
    std::set<std::string> ours = {".lock", "config.toml", "config.toml.tmp", "run.json.tmp"};
    ours.insert(std::begin(kFolders), std::end(kFolders));
    const bool begun = std::find(names.begin(), names.end(), ".lock") != names.end();
    for (const std::string& name : names)
        if (!begun || ours.count(name) == 0)
            return usage_error(dir + ": is no run and not empty (" + name +
                               "); choose a new or an empty folder");
    return {};
}

/// Temporary files of an interrupted process. Only names that write_file_atomic makes of ours.
void remove_leftovers(const std::string& dir) {
    std::error_code ignored;
    for (const char* name : {"config.toml", "run.json", "tokenizer.model", "metrics.csv"})
        fs::remove(dir + "/" + name + ".tmp", ignored);
    for (const auto& [folder, suffix] :
         {std::pair("geometry", kGeometrySuffix), std::pair("eval", kEvalSuffix)})
        for (const int64_t step : steps_in(dir + "/" + folder, std::string(suffix) + ".tmp"))
            fs::remove(dir + "/" + folder + "/" + step_name(step, suffix) + ".tmp", ignored);
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

bool is_run_folder(const std::string& dir) {
    std::error_code ignored;
    return fs::is_regular_file(dir + "/run.json", ignored);
}

bool is_being_written(const std::string& dir) {
    const FileHandle file(::open((dir + "/.lock").c_str(), O_RDONLY | O_CLOEXEC));
    // A shared lock, so that two who look do not take each other for a writer.
    return file.valid() && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<RunFolder> RunFolder::create(const std::string& path, const std::string& config_toml,
                                    const RunInfo& info) {
    const std::string dir = without_last_slash(path);
    if (auto status = check_free(dir); !status) return status.error();
    if (auto status = make_folder(dir); !status) return status.error();
    auto lock = take_lock(dir);
    if (!lock) return lock.error();
    // Someone may have been faster between the first look and the lock.
    if (auto status = check_free(dir); !status) return status.error();
    for (const char* name : kFolders)
        if (auto status = make_folder(dir + "/" + name); !status) return status.error();
    RunFolder folder(dir, info, *std::move(lock));
    if (auto status = folder.write_config(config_toml); !status) return status.error();
    // Last: with run.json the folder is a run.
    if (auto status = folder.write_info(info); !status) return status.error();
    if (auto status = sync_dir(parent_dir(dir)); !status) return status.error();
    return folder;
}

Result<RunFolder> RunFolder::open(const std::string& path, bool writer) {
    const std::string dir = without_last_slash(path);
    if (!is_run_folder(dir))
        return usage_error(dir +
                           ": is no run folder (run.json is missing); give the folder that "
                           "hopscope train wrote");
    FileHandle lock;
    if (writer) {
        auto taken = take_lock(dir);
        if (!taken) return taken.error();
        lock = *std::move(taken);
    }
    constexpr size_t kMaxBytes = size_t{16} << 20;
    const std::string info_path = dir + "/run.json";
    auto text = read_file(info_path, kMaxBytes);
    if (!text) return text.error();
    auto info = parse_run_info(*text, info_path);
    if (!info) return info.error();
    RunFolder folder(dir, *std::move(info), std::move(lock));
    if (writer) {
        remove_leftovers(dir);
        for (const char* name : kFolders)
            if (auto status = make_folder(dir + "/" + name); !status) return status.error();
        if (auto status = folder.checkpoints().clean(); !status) return status.error();
    }
    return folder;
}

std::string RunFolder::name() const {
    std::error_code error;
    const fs::path full = fs::absolute(dir_, error).lexically_normal();
    const std::string last = full.filename().string();
    return last.empty() ? full.parent_path().filename().string() : last;
}

Status RunFolder::write_info(const RunInfo& info) {
    if (auto status =
            write_file_atomic(info_path(), run_info_json(info), DebugPoint::run_json_rename);
        !status)
        return status;
    info_ = info;
    return {};
}

Status RunFolder::write_state(RunState state, const std::string& reason) {
    RunInfo info = info_;
    info.state = state;
    info.reason = reason;
    return write_info(info);
}

Result<std::string> RunFolder::config_toml() const {
    return read_file(config_path(), size_t{16} << 20);
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
                                      const std::vector<Projection>& projections) const {
    const uint64_t bytes = geometry_bytes(snapshot, projections);
    if (bytes > kGeometryBudget) return false;
    std::vector<GeometryEntry> entries = geometry();
    std::erase_if(entries, [&](const GeometryEntry& entry) { return entry.step == snapshot.step; });
    entries.push_back({snapshot.step, bytes});
    // Room first, so that the folder never exceeds its budget.
    for (const int64_t step : thin_geometry(entries, kGeometryBudget)) {
        if (step == snapshot.step) return false;
        std::error_code error;
        fs::remove(geometry_path(step), error);
        if (error) return file_error("cannot delete", geometry_path(step), error.value());
    }
    if (auto status = write_geometry(geometry_path(snapshot.step), snapshot, projections); !status)
        return status.error();
    return true;
}

Result<Config> stored_config(const RunFolder& folder) {
    auto toml = folder.config_toml();
    if (!toml) return toml.error();
    return parse_config(*toml, folder.config_path());
}

}  // namespace hopscope::core
