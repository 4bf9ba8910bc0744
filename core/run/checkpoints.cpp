#include "core/run/checkpoints.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sys/stat.h>
#include <thread>

#include "core/base/debug_points.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/output_place.h"
#include "core/base/random.h"
#include "core/base/utf8.h"
#include "core/run/step_names.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateFormat = "hopscope.state/1";
// A folder being written, one being replaced, one being deleted. What a kill leaves of them,
// clean() puts right.
const std::string kNew = ".new_", kOld = ".old_", kGone = ".gone_";

constexpr int kListings = 8;  ///< until two agree
/// Looks in a row that find nothing before that is believed: a single checkpoint has no name for a
/// moment while it is replaced, and a first one is soon there if it is being written.
constexpr int kEmptyLooks = 6, kLooksForFirst = 50;
/// Looks in a row at the same damage before that is believed: while a folder gets another name a
/// file in it is not always found, where or whatever it is.
constexpr int kDamagedLooks = 3;
constexpr std::chrono::milliseconds kLookPause{2};
/// Of a reader whom a writer takes one checkpoint after the other away.
constexpr std::chrono::seconds kPatience{5};

/// 0 where there is nothing; of a link its own, since one that leads nowhere stays so.
ino_t inode_of(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

/// What the names in `dir` say.
struct Look {
    std::vector<int64_t> steps;  ///< rising, those of replacements under way, too
    bool being_written = false;  ///< a folder has the name of one on its way
    bool operator==(const Look&) const = default;
};

Look look_of(const std::vector<std::string>& names) {
    Look out;
    for (const std::string& name : names) {
        const bool old = name.starts_with(kOld);
        out.being_written |= old || name.starts_with(kNew);
        const int64_t step = step_of_name(old ? name.substr(kOld.size()) : name);
        if (step >= 0) out.steps.push_back(step);
    }
    std::sort(out.steps.begin(), out.steps.end());
    out.steps.erase(std::unique(out.steps.begin(), out.steps.end()), out.steps.end());
    return out;
}

/// What two listings in a row agree on: one that runs while a folder is renamed may miss it under
/// both its names. Errors: those of list_folder.
Result<Look> settled_look(const std::string& dir) {
    Look before;
    for (int listings = 0; listings < kListings; ++listings) {
        const auto names = list_folder(dir);
        if (!names) return names.error();
        Look now = look_of(*names);
        if (listings > 0 && now == before) break;
        before = std::move(now);
    }
    return before;
}

Status rename_folder(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    return error ? file_error("cannot rename to " + to + " the folder", from, error.value())
                 : Status();
}

/// What a checkpoint is kept in, also under the names that files have while they are written.
bool is_own(const std::string& name) {
    for (const char* own : {"model.safetensors", "optimizer.safetensors", "state.json"})
        if (name == own || name.starts_with(std::string(own) + ".tmp") ||
            name.starts_with(std::string(own) + ".partial-"))
            return true;
    return false;
}

bool is_link(const std::string& path) {
    std::error_code ignored;
    return fs::is_symlink(path, ignored);
}

/// Whether a person put something of that name into a checkpoint's folder.
bool is_foreign(const std::string& dir, const std::string& name) {
    return !is_own(name) || kind_of_file(dir + "/" + name) == FileKind::folder;
}

bool holds_foreign(const std::string& dir) {
    const auto names = names_in(dir);
    return is_link(dir) || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
               return is_foreign(dir, name);
           });
}

/// Deletes the files of a checkpoint, and the folder unless a person keeps something in it; of a
/// link the link alone.
Status remove_checkpoint(const std::string& path) {
    std::error_code error;
    if (is_link(path)) {
        fs::remove(path, error);
        return error ? file_error("cannot delete", path, error.value()) : Status();
    }
    if (kind_of_file(path) != FileKind::folder) return {};
    for (const std::string& name : names_in(path)) {
        if (is_foreign(path, name)) continue;
        fs::remove(path + "/" + name, error);
        if (error) return file_error("cannot delete", path + "/" + name, error.value());
    }
    if (!holds_foreign(path)) fs::remove(path, error);
    return error ? file_error("cannot delete", path, error.value()) : Status();
}

/// What a person keeps in the folder of a checkpoint goes over into that of its successor.
Status carry_over(const std::string& from, const std::string& to) {
    for (const std::string& name : names_in(from))
        if (is_foreign(from, name) && !file_exists(to + "/" + name))
            if (auto s = rename_folder(from + "/" + name, to + "/" + name); !s) return s;
    return {};
}

/// Of the tensors' names and bytes, whatever their order.
std::string hash_of(const std::vector<TensorView>& tensors) {
    std::vector<const TensorView*> sorted;
    for (const TensorView& tensor : tensors) sorted.push_back(&tensor);
    std::sort(sorted.begin(), sorted.end(),
              [](const TensorView* a, const TensorView* b) { return a->name < b->name; });
    ContentHash hash;
    for (const TensorView* tensor : sorted) {
        hash.update(tensor->name);
        hash.update(tensor->data, tensor->bytes);
    }
    return hash.hex();
}

Status write_state_json(const std::string& path, int64_t step, const CheckpointContent& content) {
    auto given = parse_object(content.state_json, shown_path(path));
    if (!given) return failure(given.error().message);
    OrderedJson json;
    json["format"] = kStateFormat;
    json["step"] = step;
    json["hashes"] = {{"model", hash_of(content.model)}, {"optimizer", hash_of(content.optimizer)}};
    for (const auto& [key, value] : given->items())
        if (!json.contains(key)) json[key] = value;
    return write_file_atomic(path, dump_pretty(json));
}

/// Against what the state.json beside it says, `path`; older ones say nothing.
Status check_hash(const SafetensorsFile& file, const std::string& part, const Json& state,
                  const std::string& path) {
    const auto hashes = state.find("hashes");
    if (hashes == state.end()) return {};
    if (!hashes->is_object() || !hashes->contains(part))
        return usage_error(shown_path(path) + ": \"hashes\" lacks \"" + part + "\"");
    if ((*hashes)[part] == hash_of(file.tensors())) return {};
    return usage_error(shown_path(file.path()) +
                       ": its content is not what was written (state.json beside it holds another "
                       "hash); put the file of this checkpoint back");
}

}  // namespace

std::string Checkpoints::path_of(int64_t step) const {
    const std::string target = dir_ + "/" + step_name(step);
    const std::string old = dir_ + "/" + kOld + step_name(step);
    return !file_exists(target) && file_exists(old) ? old : target;
}

std::vector<int64_t> Checkpoints::steps() const {
    return look_of(names_in(dir_)).steps;
}

Status Checkpoints::make(const std::string& folder) const {
    return lock_ ? lock_->make_folder(folder) : make_folder(folder);
}

Status Checkpoints::check_step_place(int64_t step) const {
    const std::string place = dir_ + "/" + step_name(step);
    const FileKind kind = kind_of_file(place);
    if (!is_link(place) && (kind == FileKind::none || kind == FileKind::folder)) return {};
    return usage_error(shown_path(place) + ": is " + (is_link(place) ? "a link" : name_of(kind)) +
                       ", a folder is expected where the checkpoint of step " +
                       std::to_string(step) + " is written; move it away");
}

Status Checkpoints::check_places() const {
    for (const std::string& prefix : {kNew, kOld, kGone})
        for (const int64_t step : steps_in(dir_, "", prefix)) {
            const std::string place = dir_ + "/" + prefix + step_name(step);
            // A link goes, and what it leads to stays.
            if (is_link(place)) continue;
            if (auto s = check_place(place, FileKind::folder); !s) return s;
        }
    return {};
}

Status Checkpoints::check_places_after(int64_t step) const {
    for (const int64_t other : steps_in(dir_))
        if (other > step)
            if (auto s = check_step_place(other); !s) return s;
    return {};
}

Status Checkpoints::write(int64_t step, const CheckpointContent& content) const {
    const std::string fresh = dir_ + "/" + kNew + step_name(step);
    const std::string old = dir_ + "/" + kOld + step_name(step);
    const std::string target = dir_ + "/" + step_name(step);
    if (auto status = make(dir_); !status) return status;
    if (auto status = check_step_place(step); !status) return failure(status.error().message);
    if (auto status = remove_checkpoint(fresh); !status) return status;
    Status status = make(fresh);
    if (status)
        status =
            write_safetensors(fresh + "/model.safetensors", content.model, content.model_metadata);
    if (status) debug_point(DebugPoint::checkpoint_write);
    if (status)
        status = write_safetensors(fresh + "/optimizer.safetensors", content.optimizer,
                                   content.optimizer_metadata);
    if (status) status = write_state_json(fresh + "/state.json", step, content);
    if (!status) {
        (void)remove_checkpoint(fresh);  // gives its space back; the first error is the one to tell
        return status;
    }
    debug_point(DebugPoint::checkpoint_rename);
    const bool replaces = file_exists(target);
    if (replaces) {
        if (status = remove_checkpoint(old); !status) return status;
        if (status = rename_folder(target, old); !status) return status;
        debug_point(DebugPoint::checkpoint_replace);
    }
    if (status = rename_folder(fresh, target); !status) return status;
    if (status = sync_dir(dir_); !status || !replaces) return status;
    if (status = carry_over(old, target); !status) return status;
    return remove_checkpoint(old);
}

Result<Checkpoint> Checkpoints::open(int64_t step, Content content) const {
    Checkpoint result;
    result.step = step;
    result.dir = path_of(step);
    auto model = SafetensorsFile::open(result.dir + "/model.safetensors");
    if (!model) return model.error();
    auto optimizer = SafetensorsFile::open(result.dir + "/optimizer.safetensors");
    if (!optimizer) return optimizer.error();
    const std::string path = result.dir + "/state.json";
    auto state = read_object(path, kStateFormat);
    if (!state) return state.error();
    int64_t found = -1;
    FieldReader fields(*state, path);
    if (auto status = fields.required().integer("step", found).status(); !status)
        return status.error();
    if (found != step)
        return usage_error(shown_path(path) + ": \"step\" is " + std::to_string(found) + ", " +
                           std::to_string(step) + " expected");
    if (content != Content::unread)
        if (auto s = check_hash(*model, "model", *state, path); !s) return s.error();
    if (content == Content::whole)
        if (auto s = check_hash(*optimizer, "optimizer", *state, path); !s) return s.error();
    result.model = *std::move(model);
    result.optimizer = *std::move(optimizer);
    result.state_json = dump_line(*state);
    return result;
}

std::optional<Checkpoint> Checkpoints::newest_complete(std::vector<std::string>* skipped,
                                                       Status* unread) const {
    const auto names = list_folder(dir_);
    if (!names) {
        if (unread) *unread = names.error();
        return std::nullopt;
    }
    const std::vector<int64_t> all = look_of(*names).steps;
    for (auto step = all.rbegin(); step != all.rend(); ++step) {
        auto checkpoint = open(*step, Content::whole);
        if (checkpoint) return *std::move(checkpoint);
        if (unread && checkpoint.error().kind == ErrorKind::failed) {
            *unread = checkpoint.error();
            return std::nullopt;
        }
        if (skipped) skipped->push_back(checkpoint.error().message);
    }
    return std::nullopt;
}

Result<Checkpoint> Checkpoints::open_newest() const {
    Error last = usage_error(shown_path(dir_) + ": holds no complete checkpoint");
    const auto end = std::chrono::steady_clock::now() + kPatience;
    int damaged = 0;
    ino_t damaged_one = 0;
    for (int empty = 0; std::chrono::steady_clock::now() < end;) {
        const auto look = settled_look(dir_);
        if (!look) return look.error();
        if (!look->steps.empty()) {
            empty = 0;
            const int64_t step = look->steps.back();
            const auto stamp = inode_of(path_of(step));
            auto checkpoint = open(step, Content::weights);
            if (checkpoint) return checkpoint;
            last = checkpoint.error();
            if (last.kind == ErrorKind::failed) return last;
            // It is damaged only if it is still the one that was opened.
            const auto now = settled_look(dir_);
            const bool still =
                stamp != 0 && stamp == inode_of(path_of(step)) && now && now->steps == look->steps;
            damaged = !still ? 0 : stamp == damaged_one ? damaged + 1 : 1;
            damaged_one = stamp;
            if (damaged >= (look->being_written ? kLooksForFirst : kDamagedLooks)) return last;
        } else if (++empty >= (look->being_written ? kLooksForFirst : kEmptyLooks)) {
            return last;
        }
        std::this_thread::sleep_for(kLookPause);
    }
    return last;
}

Status Checkpoints::rotate(int64_t keep) const {
    const std::vector<int64_t> all = steps();
    int64_t complete = 0;
    for (auto step = all.rbegin(); step != all.rend(); ++step) {
        if (!open(*step) || ++complete <= std::max<int64_t>(keep, 1)) continue;
        if (holds_foreign(path_of(*step))) continue;  // a person keeps something in it
        // Renamed first, so that a half-deleted folder never carries a checkpoint's name.
        const std::string gone = dir_ + "/" + kGone + step_name(*step);
        if (auto status = remove_checkpoint(gone); !status) return status;
        if (auto status = rename_folder(path_of(*step), gone); !status) return status;
        debug_point(DebugPoint::checkpoint_rotate);
        if (auto status = remove_checkpoint(gone); !status) return status;
    }
    return {};
}

Status Checkpoints::clean() const {
    for (const int64_t step : steps_in(dir_, "", kOld)) {
        // Killed between the two renames: the replaced checkpoint is the one there is.
        const std::string target = dir_ + "/" + step_name(step);
        if (file_exists(target)) continue;
        if (auto status = rename_folder(dir_ + "/" + kOld + step_name(step), target); !status)
            return status;
    }
    for (const std::string& prefix : {kNew, kOld, kGone})
        for (const int64_t step : steps_in(dir_, "", prefix))
            if (auto status = remove_checkpoint(dir_ + "/" + prefix + step_name(step)); !status)
                return status;
    return {};
}

}  // namespace hopscope::core
