#include "app/state/selection.h"

#include <algorithm>
#include <iterator>

namespace hopscope::app {
namespace {

void pick(std::set<int64_t>& chosen, std::optional<int64_t>& first, int64_t item, bool add) {
    if (!add) {
        const bool alone = chosen.size() == 1 && chosen.count(item) != 0;
        chosen.clear();
        if (!alone) chosen.insert(item);  // a second click on the only one takes it back
    } else if (!chosen.erase(item)) {
        chosen.insert(item);
    }
    if (chosen.contains(item)) first = item;
}

std::optional<int64_t> first_in(const std::set<int64_t>& chosen, std::optional<int64_t> first) {
    if (chosen.empty()) return {};
    return first && chosen.contains(*first) ? *first : *chosen.begin();
}

std::set<int64_t> without(const std::set<int64_t>& all, const std::set<int64_t>& some) {
    std::set<int64_t> out;
    std::set_difference(all.begin(), all.end(), some.begin(), some.end(),
                        std::inserter(out, out.end()));
    return out;
}

}  // namespace

void Selection::set_layer(int64_t value) {
    if (value == layer) return;
    layer = value;
    experts.clear();
    if (!hidden.experts.empty()) {
        hidden.experts.clear();
        ++hidden_version;
    }
    ++version;
}

void Selection::set_hop(int64_t value) {
    if (value == hop) return;
    hop = value;
    ++version;
}

void Selection::pick_expert(int64_t expert, bool add) {
    pick(experts, first.expert, expert, add);
    ++version;
}

void Selection::pick_prompt_token(int64_t token, bool add) {
    pick(prompt_tokens, first.prompt_token, token, add);
    ++version;
}

void Selection::pick_probe_token(int64_t token, bool add) {
    std::optional<int64_t> unused;
    pick(probe_tokens, unused, token, add);
    ++version;
}

std::optional<int64_t> Selection::first_expert() const {
    return first_in(experts, first.expert);
}

std::optional<int64_t> Selection::first_prompt_token() const {
    return first_in(prompt_tokens, first.prompt_token);
}

void Selection::restore(const Selection& earlier) {
    const uint64_t next = version + 1, next_hidden = hidden_version + 1;
    *this = earlier;
    version = next;
    hidden_version = next_hidden;
}

void Selection::pick_all(const Chosen& chosen, bool add) {
    if (!add) {
        experts.clear();
        probe_tokens.clear();
    }
    experts.insert(chosen.experts.begin(), chosen.experts.end());
    probe_tokens.insert(chosen.tokens.begin(), chosen.tokens.end());
    ++version;
}

void Selection::isolate(const Chosen& all) {
    if (experts.empty() && probe_tokens.empty()) return;
    hidden = {without(all.experts, experts), without(all.tokens, probe_tokens)};
    ++version;
    ++hidden_version;
}

void Selection::hide_chosen() {
    if (experts.empty() && probe_tokens.empty()) return;
    hidden.experts.merge(experts);
    hidden.tokens.merge(probe_tokens);
    experts.clear();
    probe_tokens.clear();
    ++version;
    ++hidden_version;
}

void Selection::show_all() {
    if (hidden.empty()) return;
    hidden = {};
    ++version;
    ++hidden_version;
}

void Selection::show_token(int64_t token) {
    if (hidden.tokens.erase(token) == 0) return;
    ++version;
    ++hidden_version;
}

void Selection::invert(const Chosen& all) {
    experts = without(without(all.experts, hidden.experts), experts);
    probe_tokens = without(without(all.tokens, hidden.tokens), probe_tokens);
    ++version;
}

void Selection::clear() {
    if (empty()) return;
    experts.clear();
    prompt_tokens.clear();
    probe_tokens.clear();
    ++version;
}

bool Selection::keep_probe_tokens(int64_t tokens) {
    const auto drop = [&](std::set<int64_t>& from) {
        const auto beyond = from.lower_bound(tokens);
        const bool any = beyond != from.end();
        from.erase(beyond, from.end());
        return any;
    };
    const bool selected = drop(probe_tokens), was_hidden = drop(hidden.tokens);
    if (was_hidden) ++hidden_version;
    if (selected || was_hidden) ++version;
    return selected || was_hidden;
}

}  // namespace hopscope::app
