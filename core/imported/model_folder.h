// The folder of a published model as a hub serves it: config.json and safetensors, one file or
// several with an index. Headers are read and checked, tensors only where somebody asks for one;
// nothing of the folder is ever run (pickles and code are refused, or left alone). Read-only; an
// object may be read from any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/imported/model_shard.h"

namespace hopscope::core {

/// Whether `dir` looks like such a folder, sound or not: one that is no run, and has a config.json
/// of a model, or weights (an index, safetensors, pickles, GGUF) under the names that a hub has.
bool is_model_folder(const std::string& dir);

class ModelFolder {
  public:
    /// Errors (usage) name the file, what was found and what to do: no config.json or a damaged
    /// one; no safetensors (pickles and GGUF by name); an index with names that are no files of
    /// the folder; a shard that is missing, cut, or a Git LFS pointer; a tensor that the index
    /// promises and its shard has not.
    static Result<ModelFolder> open(const std::string& dir);

    const std::string& dir() const { return dir_; }
    std::string config_path() const { return dir_ + "/config.json"; }
    /// Of the language model: "text_config" where there is one, else the whole.
    const Json& config() const { return config_; }
    /// Candidates for the family, the language model's own first; without a "_text" at the end.
    const std::vector<std::string>& model_types() const { return model_types_; }
    /// File names of the weights, rising.
    std::vector<std::string> files() const;
    /// By name, without data; valid as long as this object.
    const std::map<std::string, const TensorView*, std::less<>>& tensors() const {
        return tensors_;
    }
    /// nullptr where there is none.
    const TensorView* find(std::string_view name) const;
    /// All numbers of one of them as fp32, from its file. Errors (usage) name file and tensor: a
    /// dtype that holds no such numbers; a file that was cut or replaced since the folder was
    /// opened.
    Result<std::vector<float>> values(const TensorView& tensor) const;
    /// The file of one of them.
    const ModelShard* shard_of(const TensorView& tensor) const;
    /// What is odd, and was got round.
    const std::vector<std::string>& notes() const { return notes_; }

  private:
    Status read_config();
    Status open_files(const std::map<std::string, std::string>& place_of);
    std::string dir_;
    Json config_;
    std::vector<std::string> model_types_, notes_;
    std::vector<ModelShard> shards_;  ///< never changed once tensors_ point into it
    std::map<std::string, const TensorView*, std::less<>> tensors_;
};

/// A model_type as families are called: "llama4" of "llama4_text", the language part of a larger
/// model.
std::string without_text(std::string type);
/// Errors (usage): in place of the file stands what a clone without its large files has, a Git LFS
/// pointer; those of open_to_read.
Status check_no_pointer(const std::string& path);

}  // namespace hopscope::core
