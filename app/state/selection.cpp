#include "app/state/selection.h"

namespace hopscope::app {
namespace {

void pick(std::set<int64_t>& chosen, int64_t item, bool add) {
    if (!add) {
        const bool alone = chosen.size() == 1 && chosen.count(item) != 0;
        chosen.clear();
        if (!alone) chosen.insert(item);  // a second click on the only one takes it back
    } else if (!chosen.erase(item)) {
        chosen.insert(item);
    }
}

}  // namespace

void Selection::set_layer(int64_t value) {
    if (value == layer) return;
    layer = value;
    experts.clear();
    ++version;
}

void Selection::set_hop(int64_t value) {
    if (value == hop) return;
    hop = value;
    ++version;
}

void Selection::pick_expert(int64_t expert, bool add) {
    pick(experts, expert, add);
    ++version;
}

void Selection::pick_prompt_token(int64_t token, bool add) {
    pick(prompt_tokens, token, add);
    ++version;
}

void Selection::pick_probe_token(int64_t token, bool add) {
    pick(probe_tokens, token, add);
    ++version;
}

void Selection::restore(const Selection& earlier) {
    const uint64_t next = version + 1;
    *this = earlier;
    version = next;
}

void Selection::clear() {
    if (empty()) return;
    experts.clear();
    prompt_tokens.clear();
    probe_tokens.clear();
    ++version;
}

}  // namespace hopscope::app
