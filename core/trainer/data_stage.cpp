#include "core/trainer/data_stage.h"

#include <filesystem>

#include "core/base/files.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

/// Of a run's folder; what a kill leaves of it goes with the next.
constexpr const char* kBeside = "/.data_new";
/// As they depend on each other, so that a kill in between leaves nothing half: each stands for
/// those before it.
constexpr const char* kNames[] = {"data/train.txt",  "data/valid.txt",    "data/truth.json",
                                  "tokenizer.model", "data/valid.tokens", "data/train.tokens"};

Status move_file(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    return error ? copy_file(from, to) : Status();  // of another file system
}

}  // namespace

DataStage::~DataStage() {
    std::error_code ignored;
    if (where_ == Where::beside && !root_.empty()) fs::remove_all(root_, ignored);
}

bool DataStage::has(const std::string& name) const {
    return file_exists(run_ + "/" + name) || (!root_.empty() && file_exists(root_ + "/" + name));
}

std::string DataStage::path(const std::string& name) const {
    const std::string own = run_ + "/" + name;
    return root_.empty() || file_exists(own) ? own : root_ + "/" + name;
}

Result<std::string> DataStage::root() {
    if (!root_.empty()) return root_;
    std::string root = run_;
    if (where_ == Where::apart) {
        auto made = Scratch::make("data");
        if (!made) return made.error();
        scratch_ = std::move(*made);
        root = scratch_->path();
    } else if (where_ == Where::beside) {
        root = run_ + kBeside;
        std::error_code error;
        fs::remove_all(root, error);
        if (auto s = make_folder(root); !s) return s.error();
    }
    root_ = root;
    if (auto s = make_folder(root_ + "/data"); !s) return s.error();
    return root_;
}

Status DataStage::put_in_place() {
    if (where_ == Where::in_place) return {};
    std::error_code ignored;
    if (root_.empty()) {
        fs::remove_all(run_ + kBeside, ignored);  // of a process that was killed
        return {};
    }
    if (auto s = make_folder(run_ + "/data"); !s) return s;
    for (const char* name : kNames) {
        const std::string made = root_ + "/" + name, own = run_ + "/" + name;
        if (!file_exists(made) || file_exists(own)) continue;
        if (auto s = move_file(made, own); !s) return s;
    }
    if (auto s = sync_dir(run_ + "/data"); !s) return s;
    fs::remove_all(root_, ignored);
    scratch_.reset();
    root_.clear();
    return {};
}

}  // namespace hopscope::core
