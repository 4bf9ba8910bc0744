// Numbers of a published model's config.json, which families call by several names. Plain values,
// any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/imported/families.h"
#include "core/imported/model_folder.h"

namespace hopscope::core {

/// Reads keys one by one and remembers the first that is wrong; an absent key and null are the
/// same.
class PublishedConfig {
  public:
    explicit PublishedConfig(const ModelFolder& model)
        : json_(model.config()), path_(model.config_path()) {}

    /// Of the first key that is there; `low` … `high` is allowed.
    std::optional<int64_t> integer(std::initializer_list<const char*> keys, int64_t low,
                                   int64_t high);
    std::optional<double> number(const char* key, double low, double high);
    std::optional<bool> flag(const char* key);
    std::string text(const char* key);
    /// A list of layer numbers, or of one number a layer; an error in it counts as in a number.
    std::optional<std::vector<int64_t>> integers(const char* key);
    Status status() const { return status_; }

  private:
    const Json* find(const char* key) const;
    void wrong(const char* key, const Json& found, const std::string& allowed);
    const Json& json_;
    std::string path_;
    Status status_;
};

/// The most a model of any kind has of them.
inline constexpr int64_t kMostExperts = int64_t{1} << 16, kMostLayers = int64_t{1} << 16,
                         kMostWidth = int64_t{1} << 20;

/// The rule of `family` with the model's own numbers. Where config.json names another way to choose
/// than this rule is, it is unknown, and a warning says so.
RuleSettings rule_settings(PublishedConfig& config, const Family& family,
                           std::vector<std::string>& warnings);

/// Which of the hidden layers config.json gives a mixture; nothing: it says nothing about it.
std::optional<std::vector<bool>> mixture_by_config(PublishedConfig& config, int64_t hidden_layers);

}  // namespace hopscope::core
