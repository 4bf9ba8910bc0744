#include "core/imported/served_routing.h"

#include <algorithm>
#include <optional>

#include "core/base/numbers.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

/// Texts of very different lengths are filled up to the longest; so much more than what was read is
/// allowed for it.
constexpr uint64_t kFilling = 16, kSmallFilling = uint64_t{1} << 24;

std::string count(int64_t n) {
    return std::to_string(n);
}

/// Which layers the rows of a trace speak of, and how many ids a row has.
struct Form {
    std::vector<int64_t> layers;  ///< the model's own numbers
    int64_t rows = 0, top_k = 0;
};

/// Reads the texts of one trace against one model.
/// A reply does not say that its beginning was left out.
constexpr const char* kHowToStart =
    "; where the server was asked to leave out the first ones, give the experts as {\"data\", "
    "\"shape\", \"dtype\", \"start\"}";

class Check {
  public:
    Check(const ModelLayout& model, std::string file)
        : model_(model), file_(std::move(file)), mixtures_(model.mixture_layers()) {
        for (int64_t l = 0; l < model.hidden_layers; ++l) {
            hidden_.push_back(l);
            routers_.push_back(model.find(l, kOwnPool));
        }
    }

    Result<Form> form_of(const ServedText& text) const {
        return text.shape.empty() ? unshaped(text) : shaped(text);
    }

    Status check_rows(const ServedText& text, const Form& form) const {
        if (form.rows == 0) return wrong(text, "no rows found, one a token expected");
        const int64_t known = std::max(static_cast<int64_t>(text.tokens.size()), text.least_tokens);
        // The last token was sampled and never went through the model.
        if (text.all_tokens && form.rows != *text.all_tokens - 1 - text.start)
            return wrong(text, count(form.rows) + " rows found, " +
                                   count(*text.all_tokens - 1 - text.start) + " expected for " +
                                   count(*text.all_tokens) + " tokens" + from_start(text) +
                                   kHowToStart);
        if (!text.all_tokens && form.rows < known - 1 - text.start)
            return wrong(text, count(form.rows) + " rows found, at least " +
                                   count(known - 1 - text.start) + " expected for a prompt of " +
                                   count(known) + " tokens" + from_start(text) + kHowToStart);
        return {};
    }

    Status check_ids(const ServedText& text, const Form& form) const {
        const auto k = static_cast<size_t>(form.top_k);
        const int32_t* ids = text.ids.data();
        for (int64_t row = 0; row < form.rows; ++row)
            for (const int64_t layer : form.layers) {
                const ModelRouter* router = routers_[static_cast<size_t>(layer)];
                if (auto s = router ? check_set(text, ids, k, layer, text.start + row, *router)
                                    : check_dense(text, ids, k, layer, text.start + row);
                    !s)
                    return s;
                ids += k;
            }
        return {};
    }

    /// Puts the text's choices into the layers of `out`, whose rows of it begin at `first`.
    static void fill(const ServedText& text, const Form& form, std::vector<RecordedLayer>& out,
                     size_t first) {
        const auto k = static_cast<size_t>(form.top_k);
        const int32_t* ids = text.ids.data();
        for (size_t row = first; row < first + static_cast<size_t>(form.rows); ++row) {
            auto into = out.begin();
            for (const int64_t layer : form.layers) {
                if (into != out.end() && into->layer == layer)
                    std::copy_n(ids, k, (into++)->chosen.data() + row * k);
                ids += k;
            }
        }
    }

    std::vector<RecordedLayer> empty_layers(int64_t top_k, size_t rows) const {
        std::vector<RecordedLayer> out;
        for (const int64_t l : mixtures_) {
            RecordedLayer layer;
            layer.layer = l;
            layer.pool = kOwnPool;
            layer.experts = routers_[static_cast<size_t>(l)]->experts;
            layer.top_k = top_k;
            layer.chosen.assign(rows * static_cast<size_t>(top_k), -1);
            out.push_back(std::move(layer));
        }
        return out;
    }

    Status wrong(const ServedText& text, const std::string& what) const {
        return usage_error(shown_path(file_) + ": " +
                           (text.place.empty() ? "" : text.place + ": ") + what);
    }

    size_t mixtures() const { return mixtures_.size(); }

  private:
    static std::string from_start(const ServedText& text) {
        return text.start > 0 ? ", the first " + count(text.start) + " left out" : "";
    }

    std::string layers_allowed() const {
        const auto hidden = count(static_cast<int64_t>(hidden_.size())),
                   mixtures = count(static_cast<int64_t>(mixtures_.size()));
        return hidden == mixtures ? hidden : hidden + " (all) or " + mixtures + " (with experts)";
    }

    Result<Form> shaped(const ServedText& text) const {
        if (text.shape.size() != 3)
            return wrong(text, "an array of " + count(static_cast<int64_t>(text.shape.size())) +
                                   " dimensions found, [tokens, layers, k] expected")
                .error();
        Form form{{}, text.shape[0], text.shape[2]};
        if (model_.rule.top_k > 0 && form.top_k != model_.rule.top_k)
            return wrong(text, count(form.top_k) + " experts a token found, this model has " +
                                   count(model_.rule.top_k))
                .error();
        if (form.top_k < 1) return wrong(text, "no experts a token found").error();
        const auto layers = static_cast<uint64_t>(text.shape[1]);
        if (layers == hidden_.size()) {
            form.layers = hidden_;
        } else if (layers == mixtures_.size()) {
            form.layers = mixtures_;
        } else {
            return wrong(text,
                         count(text.shape[1]) + " layers found, this model has " + layers_allowed())
                .error();
        }
        return form;
    }

    /// Bare numbers: of all hidden layers, or of those with experts, whichever alone makes sense.
    Result<Form> unshaped(const ServedText& text) const {
        const int64_t k = model_.rule.top_k, ids = static_cast<int64_t>(text.ids.size());
        if (k == 0)
            return wrong(text,
                         "no shape found, and config.json does not say how many experts a "
                         "token has; give a trace with its shape")
                .error();
        std::optional<Form> found;
        std::vector<Form> fitting;
        for (const auto* layers : {&hidden_, &mixtures_}) {
            const int64_t row = static_cast<int64_t>(layers->size()) * k;
            if (row == 0 || ids % row != 0) continue;
            if (layers == &mixtures_ && mixtures_ == hidden_) continue;
            Form form{*layers, ids / row, k};
            if (check_rows(text, form) && check_ids(text, form)) fitting.push_back(form);
            if (!found) found = std::move(form);
        }
        if (fitting.size() == 1) return std::move(fitting[0]);
        if (fitting.size() == 2)
            return wrong(text, "bare numbers found that can be read in two ways, as " +
                                   count(fitting[0].rows) + " tokens of all " +
                                   std::to_string(hidden_.size()) + " layers or as " +
                                   count(fitting[1].rows) + " tokens of the " +
                                   std::to_string(mixtures_.size()) +
                                   " with experts; give a reply that tells the number of its "
                                   "tokens, or the numbers with their shape (an .npy)")
                .error();
        if (found) return *std::move(found);  // what is wrong with it is said by whoever checks it
        return wrong(text, count(ids) + " numbers found, which " + layers_allowed() +
                               " layers with " + count(k) + " experts a token do not divide")
            .error();
    }

    /// A layer without a router repeats one number, since it has nothing to say.
    Status check_dense(const ServedText& text, const int32_t* ids, size_t k, int64_t layer,
                       int64_t token) const {
        if (std::all_of(ids, ids + k, [&](int32_t id) { return id == ids[0]; })) return {};
        return wrong(text, at(token, layer) +
                               "different experts found, the model has no router "
                               "in this layer");
    }

    Status check_set(const ServedText& text, const int32_t* ids, size_t k, int64_t layer,
                     int64_t token, const ModelRouter& router) const {
        for (size_t i = 0; i < k; ++i) {
            if (ids[i] < 0 || ids[i] >= router.experts)
                return wrong(text, at(token, layer) + "expert " + count(ids[i]) +
                                       " found, the layer has 0 … " + count(router.experts - 1));
            if (std::find(ids, ids + i, ids[i]) != ids + i)
                return wrong(text, at(token, layer) + "expert " + count(ids[i]) +
                                       " stands twice in one set");
        }
        return {};
    }

    static std::string at(int64_t token, int64_t layer) {
        return "token " + count(token) + ", layer " + count(layer) + ": ";
    }

    const ModelLayout& model_;
    std::string file_;
    std::vector<int64_t> hidden_, mixtures_;
    std::vector<const ModelRouter*> routers_;  ///< [hidden layers], nullptr: dense
};

/// Ids of the tokens whose rows there are, where the trace tells them all.
void add_tokens(RecordedRouting& out, const std::vector<ServedText>& texts,
                const std::vector<Form>& forms) {
    for (size_t i = 0; i < texts.size(); ++i)
        if (static_cast<int64_t>(texts[i].tokens.size()) < texts[i].start + forms[i].rows) {
            out.notes.emplace_back("ids of tokens: not in this trace");
            return;
        }
    out.tokens.assign(static_cast<size_t>(out.sequences * out.length), -1);
    for (size_t i = 0; i < texts.size(); ++i) {
        const auto begin = texts[i].tokens.begin() + texts[i].start, end = begin + forms[i].rows;
        std::copy(begin, end, out.tokens.begin() + static_cast<int64_t>(i) * out.length);
        out.next_token.push_back(end == texts[i].tokens.end() ? -1 : *end);
    }
}

}  // namespace

Result<RecordedRouting> routing_of(ServedTrace trace, const ModelLayout& model,
                                   const std::string& file) {
    const Check check(model, file);
    RecordedRouting out;
    out.notes = std::move(trace.notes);
    if (check.mixtures() == 0)
        return usage_error(shown_path(file) +
                           ": a server's trace speaks of one router a layer, and this model has no "
                           "layer with one; record it with hopscope_capture.py");
    std::vector<Form> forms;
    uint64_t read = 0;
    for (const ServedText& text : trace.texts) {
        auto form = check.form_of(text);
        if (!form) return form.error();
        if (auto s = check.check_rows(text, *form); !s) return s.error();
        if (auto s = check.check_ids(text, *form); !s) return s.error();
        if (!forms.empty() && forms[0].top_k != form->top_k)
            return check.wrong(text, "another number of experts a token than in the first text")
                .error();
        out.length = std::max(out.length, form->rows);
        read += text.ids.size();
        forms.push_back(*std::move(form));
    }
    out.sequences = static_cast<int64_t>(trace.texts.size());
    const auto rows = static_cast<uint64_t>(out.sequences) * static_cast<uint64_t>(out.length);
    const auto ids = rows * check.mixtures() * static_cast<uint64_t>(forms[0].top_k);
    if (ids > read * kFilling && ids > kSmallFilling)
        return usage_error(shown_path(file) + ": " + std::to_string(out.sequences) +
                           " texts of very different lengths, the longest of " +
                           std::to_string(out.length) +
                           " tokens; give the long ones in a file of their own");
    out.layers = check.empty_layers(forms[0].top_k, rows);
    for (size_t i = 0; i < trace.texts.size(); ++i)
        Check::fill(trace.texts[i], forms[i], out.layers, i * static_cast<size_t>(out.length));
    add_tokens(out, trace.texts, forms);
    if (std::any_of(trace.texts.begin(), trace.texts.end(),
                    [](const ServedText& text) { return text.start > 0; }))
        for (const ServedText& text : trace.texts)
            out.skipped.push_back(static_cast<int32_t>(text.start));
    return out;
}

}  // namespace hopscope::core
