// A folder as a hub serves a model, made for one test: a configuration and tensors of small numbers
// under the names of a family, in one file or several with an index.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/run/safetensors.h"
#include "tests/temp_folder.h"

namespace hopscope::test {

class TinyModel {
  public:
    using Json = core::OrderedJson;

    Json config = {{"model_type", "mixtral"},
                   {"num_hidden_layers", 2},
                   {"num_local_experts", 4},
                   {"num_experts_per_tok", 2},
                   {"hidden_size", 3}};

    /// Numbers that differ from tensor to tensor, or those that are given.
    void add(const std::string& name, std::vector<int64_t> shape, std::vector<float> values = {}) {
        size_t count = 1;
        for (const int64_t size : shape) count *= static_cast<size_t>(size);
        core::Random random(std::hash<std::string>{}(name));
        while (values.size() < count)
            values.push_back(static_cast<float>(random.below(2001)) / 1000 - 1);
        tensors_[name] = {"F32", std::move(shape), std::move(values), ""};
    }
    /// The bytes of a tensor of any dtype.
    void add_bytes(const std::string& name, const std::string& dtype, std::vector<int64_t> shape,
                   std::string bytes) {
        tensors_[name] = {dtype, std::move(shape), {}, std::move(bytes)};
    }
    void remove(const std::string& name) { tensors_.erase(name); }
    /// A router in each layer.
    void add_routers(int64_t layers, const std::string& name, int64_t experts = 4,
                     int64_t width = 3, const std::string& before = "model.") {
        for (int64_t l = 0; l < layers; ++l)
            add(before + "layers." + std::to_string(l) + "." + name, {experts, width});
    }
    /// A layer without a router.
    void add_dense(int64_t layer) {
        add("model.layers." + std::to_string(layer) + ".mlp.up_proj.weight", {2, 3});
    }
    const std::vector<float>& values(const std::string& name) const {
        return tensors_.at(name).values;
    }

    /// Writes the folder; with more than one file, an index beside them.
    std::string save(size_t files = 1) {
        folder_->write("m/config.json", config.dump());
        if (files == 1) {
            write_tensors("model.safetensors", 0, 1);
            return dir();
        }
        Json index = {{"metadata", Json::object()}, {"weight_map", Json::object()}};
        for (size_t f = 0; f < files; ++f) {
            const std::string file = file_name(f, files);
            for (const std::string& name : write_tensors(file, f, files))
                index["weight_map"][name] = file;
        }
        folder_->write("m/model.safetensors.index.json", index.dump());
        return dir();
    }
    static std::string file_name(size_t number, size_t of) {
        return "model-0000" + std::to_string(number + 1) + "-of-0000" + std::to_string(of) +
               ".safetensors";
    }
    std::string dir() const { return *folder_ / "m"; }
    std::string operator/(const std::string& name) const { return dir() + "/" + name; }
    const TempFolder& folder() const { return *folder_; }

  private:
    struct Tensor {
        std::string dtype;
        std::vector<int64_t> shape;
        std::vector<float> values;
        std::string bytes;  ///< instead of the values
    };
    /// Each `of`-th tensor from number `first` on; returns their names.
    std::vector<std::string> write_tensors(const std::string& file, size_t first, size_t of) {
        std::vector<core::TensorView> views;
        std::vector<std::string> names;
        size_t number = 0;
        for (const auto& [name, tensor] : tensors_)
            if (number++ % of == first) {
                names.push_back(name);
                if (tensor.dtype == "F32")
                    views.push_back({name, "F32", tensor.shape, tensor.values.data(),
                                     tensor.values.size() * sizeof(float)});
                else
                    views.push_back({name, tensor.dtype, tensor.shape, tensor.bytes.data(),
                                     tensor.bytes.size()});
            }
        EXPECT_TRUE(core::write_safetensors(*this / file, views, {{"format", "pt"}}));
        return names;
    }
    std::unique_ptr<TempFolder> folder_ = std::make_unique<TempFolder>();
    std::map<std::string, Tensor> tensors_;
};

/// Says what a refusal lacks: "" where it has all of `parts`.
template <class T>
std::string lacks(const core::Result<T>& result, const std::vector<std::string>& parts) {
    if (result) return "was accepted";
    if (result.error().kind != core::ErrorKind::usage) return "is no usage error";
    for (const std::string& part : parts)
        if (result.error().message.find(part) == std::string::npos)
            return part + " is not in: " + result.error().message;
    return "";
}

}  // namespace hopscope::test
