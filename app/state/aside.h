// Hands work to a worker's thread and gives back the place where its answer will be. Window thread
// only; the work owns or outlives what it uses.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "app/state/pending.h"
#include "app/state/task_runner.h"
#include "core/api/base.h"

namespace hopscope::app {

/// What the work throws is its answer where that can hold an error or a text, else an empty one.
template <class Work>
auto post_aside(TaskRunner& runner, Work work) -> Pending<std::invoke_result_t<Work&>> {
    using Answer = std::invoke_result_t<Work&>;
    auto slot = std::make_shared<typename Pending<Answer>::Slot>();
    // Shared, since a std::function must be copyable and the work need not be.
    runner.post([slot, shared = std::make_shared<Work>(std::move(work))] {
        try {
            slot->value.emplace((*shared)());
        } catch (const std::exception& e) {
            if constexpr (std::is_constructible_v<Answer, core::Error>)
                slot->value.emplace(core::failure(e.what()));
            else if constexpr (std::is_same_v<Answer, std::string>)
                slot->value.emplace(e.what());
            else
                slot->value.emplace();
        }
        slot->done = true;
    });
    return Pending<Answer>(std::move(slot));
}

}  // namespace hopscope::app
