#include "core/imported/reply_json.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/json_problem.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr int kMaxDepth = 32;
/// Of 16 bytes each.
constexpr size_t kMostValues = size_t{1} << 24;

bool is_read(std::string_view key) {
    constexpr std::array<std::string_view, 13> kKeys = {"choices",
                                                        "meta_info",
                                                        "sglext",
                                                        "routed_experts",
                                                        "prompt_token_ids",
                                                        "token_ids",
                                                        "data",
                                                        "shape",
                                                        "dtype",
                                                        "start",
                                                        "usage",
                                                        "prompt_tokens",
                                                        "completion_tokens"};
    return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// Builds what is kept; the first thing that is wrong ends the parse with a sentence in `problem`.
class ReplySax : public nlohmann::json_sax<Json> {
  public:
    explicit ReplySax(std::string_view text) : text_(text) {}
    Json root;
    std::string problem;

    bool null() override { return value(nullptr); }
    bool boolean(bool x) override { return value(x); }
    bool number_integer(number_integer_t x) override { return value(x); }
    bool number_unsigned(number_unsigned_t x) override { return value(x); }
    bool number_float(number_float_t x, const string_t&) override { return value(x); }
    bool string(string_t& x) override { return is_kept() ? value(std::move(x)) : true; }
    bool binary(binary_t&) override { return fail("bytes found, JSON expected"); }

    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        if (skipped_ > 0) return true;
        wanted_ = is_read(name);
        if (wanted_ && open_.back()->contains(name))
            return fail("key " + in_quotes(name) + " is given twice; allowed is once");
        key_ = std::move(name);
        return true;
    }

    bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
        return fail(json_problem(error, text_));
    }

  private:
    bool fail(std::string what) {
        problem = std::move(what);
        return false;
    }

    /// Whether the next value has a place in what is kept.
    bool is_kept() const {
        return skipped_ == 0 && (open_.empty() || open_.back()->is_array() || wanted_);
    }

    /// Puts a value to its place; nullptr: there are too many.
    Json* put(Json x) {
        if (++values_ > kMostValues) {
            fail("more than " + std::to_string(kMostValues) +
                 " values found in the fields of routed experts and token ids; give the texts in "
                 "several files");
            return nullptr;
        }
        if (open_.empty()) return &(root = std::move(x));
        Json& into = *open_.back();
        if (!into.is_array()) return &(into[key_] = std::move(x));
        into.push_back(std::move(x));
        return &into.back();
    }

    bool value(Json x) { return !is_kept() || put(std::move(x)) != nullptr; }

    bool open(Json empty) {
        if (++depth_ > kMaxDepth)
            return fail("JSON nested deeper than " + std::to_string(kMaxDepth) +
                        ", which is the most that is allowed");
        if (!is_kept()) {
            ++skipped_;
            return true;
        }
        Json* const at = put(std::move(empty));
        if (at) open_.push_back(at);
        return at != nullptr;
    }

    bool close() {
        --depth_;
        if (skipped_ > 0)
            --skipped_;
        else
            open_.pop_back();
        return true;
    }

    std::string_view text_;
    std::string key_;
    bool wanted_ = false;      ///< what follows `key_`
    std::vector<Json*> open_;  ///< kept objects and lists that have not ended
    int depth_ = 0, skipped_ = 0;
    size_t values_ = 0;
};

}  // namespace

Result<Json> parse_reply(std::string_view text, const std::string& name) {
    ReplySax sax(text);
    if (!Json::sax_parse(text.begin(), text.end(), &sax))
        return usage_error(name + ": " + sax.problem);
    if (!sax.root.is_object() && !sax.root.is_array() && !sax.root.is_string())
        return usage_error(name + ": found a JSON " + sax.root.type_name() +
                           ", an object or a list of objects expected");
    return std::move(sax.root);
}

bool is_reply(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r");
    return first != std::string_view::npos &&
           std::string_view("{[\"").find(text[first]) != std::string_view::npos &&
           Json::accept(text);
}

}  // namespace hopscope::core
