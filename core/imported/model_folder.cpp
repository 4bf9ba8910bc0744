#include "core/imported/model_folder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/base/files.h"
#include "core/base/names.h"
#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "core/imported/tensor_values.h"
#include "core/run/new_folder.h"

namespace hopscope::core {
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr size_t kMaxConfigBytes = size_t{16} << 20;
constexpr size_t kMaxIndexBytes = size_t{64} << 20;
/// Files that run code when they are loaded.
constexpr std::array<std::string_view, 6> kPickles = {".bin",  ".pt",  ".pth",
                                                      ".ckpt", ".pkl", ".pickle"};
constexpr std::string_view kLfsPointer = "version https://git-lfs.github.com/spec/";

/// The first of the names that ends with one of `endings`; "": none does.
template <class Endings>
std::string first_with(const std::vector<std::string>& names, const Endings& endings) {
    for (const std::string& name : names)
        for (const std::string_view ending : endings)
            if (name.ends_with(ending)) return name;
    return "";
}

Result<Json> read_json(const std::string& path, size_t max_bytes) {
    if (auto s = check_no_pointer(path); !s) return s.error();
    auto text = read_text(path, max_bytes);
    if (!text) return text.error();
    return parse_object(*text, shown_path(path));
}

/// Without weights that can be read: what there is instead.
Error no_weights(const std::string& dir, const std::vector<std::string>& names) {
    const std::string where = shown_path(dir) + ": ";
    if (const std::string gguf = first_with(names, std::array{std::string_view(".gguf")});
        !gguf.empty())
        return usage_error(where + "holds GGUF (" + in_quotes(gguf) +
                           "), which is not supported; give the model's folder of safetensors");
    if (const std::string pickle = first_with(names, kPickles); !pickle.empty())
        return usage_error(where + "holds no safetensors, only a pickle (" + in_quotes(pickle) +
                           "), which may run code as it is loaded and is never opened; convert it "
                           "to safetensors");
    if (const std::string other = first_with(names, std::array{std::string_view(".safetensors")});
        !other.empty())
        return usage_error(where + "holds " + in_quotes(other) + ", but neither " + kSingle +
                           " nor " + kIndex + ", which says what is in which file");
    return usage_error(where + "holds no weights; " + kSingle + " or " + kIndex +
                       " and its files are expected");
}

/// {tensor: file} of the index. Errors (usage) name what is wrong with it.
Result<std::map<std::string, std::string>> read_index(const std::string& path) {
    auto json = read_json(path, kMaxIndexBytes);
    if (!json) return json.error();
    std::map<std::string, std::string> place_of;
    FieldReader fields(*json, path);
    fields.required().text_map("weight_map", place_of);
    if (auto s = fields.status(); !s) return s.error();
    if (place_of.empty()) return usage_error(shown_path(path) + ": \"weight_map\" names no tensor");
    for (const auto& [tensor, file] : place_of)
        if (file.empty() || file == "." || file == ".." || file.find('/') != std::string::npos ||
            file.find('\0') != std::string::npos)
            return usage_error(shown_path(path) + ": tensor " + in_quotes(tensor) +
                               ": found the file " + in_quotes(file) +
                               ", the name of a file in the same folder expected");
    return place_of;
}

/// Whether a file is called like weights of a model; other programs have .bin and .pt, too.
bool names_weights(const std::string& name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames = {
        {{"model", ".safetensors"},
         {"model", ".safetensors.index.json"},
         {"pytorch_model", ".bin"},
         {"consolidated", ".pth"},
         {"", ".gguf"}}};
    return std::any_of(kNames.begin(), kNames.end(), [&](const auto& known) {
        return name.starts_with(known.first) && name.ends_with(known.second);
    });
}

/// Whether a config.json is that of a model; other programs have files of that name, too.
bool describes_model(const std::string& path) {
    const auto json = read_json(path, kMaxConfigBytes);
    if (!json) return false;
    return json->contains("model_type") || json->contains("architectures") ||
           json->contains("text_config");
}

}  // namespace

std::string without_text(std::string type) {
    constexpr std::string_view kText = "_text";
    if (type.ends_with(kText)) type.resize(type.size() - kText.size());
    return type;
}

Status check_no_pointer(const std::string& path) {
    const auto opened = open_to_read(path);
    if (!opened) return opened.error();
    if (opened->bytes > 1024) return {};  // a pointer has three short lines
    const auto text = read_file(path, 1024);
    if (!text) return text.error();
    if (!text->starts_with(kLfsPointer)) return {};
    return usage_error(shown_path(path) +
                       ": is a Git LFS pointer, the text that stands for a file that was not "
                       "fetched; fetch it (git lfs pull)");
}

bool is_model_folder(const std::string& dir) {
    if (kind_of_file(dir) != FileKind::folder || is_run_folder(dir)) return false;
    const auto names = list_folder(dir);
    if (!names) return false;
    return std::any_of(names->begin(), names->end(), names_weights) ||
           describes_model(dir + "/config.json");
}

Status ModelFolder::read_config() {
    auto json = read_json(config_path(), kMaxConfigBytes);
    if (!json) return json.error();
    std::vector<std::string> types;
    const auto text = json->find("text_config");
    const bool inner = text != json->end() && text->is_object();
    for (const Json* object : {inner ? &*text : nullptr, &*json}) {
        std::string type;
        if (!object) continue;
        FieldReader fields(*object, config_path());
        fields.text("model_type", type);
        if (auto s = fields.status(); !s) return s;
        if (!type.empty()) types.push_back(without_text(std::move(type)));
    }
    if (types.empty())
        return usage_error(shown_path(config_path()) +
                           ": \"model_type\" is missing; it names the family");
    if (json->contains("auto_map"))
        notes_.emplace_back("config.json names code of its own (auto_map), which is not run");
    model_types_ = std::move(types);
    config_ = inner ? Json(*text) : *std::move(json);
    return {};
}

Status ModelFolder::open_files(const std::map<std::string, std::string>& place_of) {
    std::set<std::string> files;
    for (const auto& [tensor, file] : place_of) files.insert(file);
    if (place_of.empty()) files.insert(kSingle);
    std::map<std::string, size_t> number_of;
    for (const std::string& file : files) {
        const std::string path = dir_ + "/" + file;
        if (!file_exists(path))
            return usage_error(shown_path(path) + ": is missing, " + kIndex +
                               " names it; fetch the file");
        if (auto s = check_no_pointer(path); !s) return s;
        auto shard = ModelShard::open(path);
        if (!shard)
            return with_advice(shard.error(), "if it was cut while it was fetched, fetch it again");
        number_of[file] = shards_.size();
        shards_.push_back(*std::move(shard));
    }
    if (place_of.empty())
        for (const TensorView& tensor : shards_[0].tensors()) tensors_[tensor.name] = &tensor;
    for (const auto& [name, file] : place_of) {
        const TensorView* tensor = shards_[number_of[file]].find(name);
        if (!tensor)
            return usage_error(shown_path(dir_ + "/" + kIndex) + ": tensor " + in_quotes(name) +
                               " is promised in " + in_quotes(file) +
                               ", which does not hold it; fetch index and files of one version");
        tensors_[name] = tensor;
    }
    return {};
}

Result<ModelFolder> ModelFolder::open(const std::string& path) {
    ModelFolder model;
    model.dir_ = path;
    while (model.dir_.size() > 1 && model.dir_.back() == '/') model.dir_.pop_back();
    const FileKind kind = kind_of_file(model.dir_);
    if (kind == FileKind::none)
        return usage_error(shown_path(path) + ": no such folder; give the folder of a model");
    if (kind != FileKind::folder)
        return usage_error(
            shown_path(path) + ": is " + name_of(kind) +
            (model.dir_.ends_with(".gguf") ? " of GGUF, which is not supported" : "") +
            "; give the folder of a model: config.json and safetensors");
    auto names = list_folder(model.dir_);
    if (!names) return names.error();
    std::sort(names->begin(), names->end());
    const auto has = [&](const char* name) {
        return std::binary_search(names->begin(), names->end(), name);
    };
    const bool single = has(kSingle), index = has(kIndex);
    if (!single && !index) return no_weights(model.dir_, *names);
    if (!has("config.json"))
        return usage_error(shown_path(model.dir_) +
                           ": config.json is missing, which says what kind of model it is");
    if (auto s = model.read_config(); !s) return s.error();
    std::map<std::string, std::string> place_of;
    if (!single) {
        auto read = read_index(model.dir_ + "/" + kIndex);
        if (!read) return read.error();
        place_of = *std::move(read);
    }
    if (auto s = model.open_files(place_of); !s) return s.error();
    return model;
}

std::vector<std::string> ModelFolder::files() const {
    std::vector<std::string> out;
    for (const ModelShard& shard : shards_) out.push_back(folder_name(shard.path()));
    return out;
}

Result<std::vector<float>> ModelFolder::values(const TensorView& tensor) const {
    // Before anything is read: whether these can be numbers.
    TensorView view = tensor;
    view.bytes = 0;
    if (auto none = float_values(view, dir_); !none) return none;
    const ModelShard* shard = shard_of(tensor);
    if (!shard)
        return usage_error(shown_path(dir_) + ": tensor " + in_quotes(tensor.name) +
                           " is not there");
    const auto bytes = shard->read(tensor);
    if (!bytes) return bytes.error();
    view.data = bytes->data();
    view.bytes = bytes->size();
    return float_values(view, shard->path());
}

const ModelShard* ModelFolder::shard_of(const TensorView& tensor) const {
    for (const ModelShard& shard : shards_)
        if (shard.find(tensor.name) == &tensor) return &shard;
    return nullptr;
}

const TensorView* ModelFolder::find(std::string_view name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : found->second;
}

}  // namespace hopscope::core
