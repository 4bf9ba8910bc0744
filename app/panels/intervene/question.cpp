#include "app/panels/intervene/question.h"

#include <algorithm>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/intervene/view.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr int kMostControls = 200;

}  // namespace

void EffectQuestion::forget() {
    reading_.forget();
    lists_.clear();
    lists_of_.clear();
    chosen_.clear();
}

void EffectQuestion::update(AppState& state) {
    if (auto lists = reading_.take()) {
        if (*lists)
            lists_ = std::move(**lists);
        else
            lists_problem_ = lists->error().message;
    }
    if (state.status.run_dir.empty() || lists_of_ == state.status.run_dir) return;
    lists_of_ = state.status.run_dir;
    lists_problem_.clear();
    if (state.services.word_lists)
        reading_ =
            state.aside([read = state.services.word_lists, run = lists_of_] { return read(run); });
}

void EffectQuestion::fill(core::InterventionRequest& request) const {
    request.target = target_;
    for (const auto& list : lists_)
        if (chosen_.count(list.name)) request.categories.push_back(list);
    if (auto words = words_of(own_words_); !words.empty())
        request.categories.push_back({"own words", std::move(words)});
    request.controls = controls_;
    request.seed = static_cast<uint64_t>(std::max(seed_, 0));
}

void EffectQuestion::draw(AppState& state) {
    heading(state, "Question");
    const float s = state.pixel_scale, label = 92 * s;
    const auto row = [&](const char* text, const char* why) {
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(state.theme().dim, "%s", text);
        tooltip(why);
        ImGui::SameLine(label);
        ImGui::SetNextItemWidth(-1);
    };
    row("target", "P and NLL are of this token; the first one, if it is several");
    std::string target = target_;
    by_name(state, "##target", "target");
    if (ImGui::InputTextWithHint("##target", "most likely token", &target,
                                 ImGuiInputTextFlags_EnterReturnsTrue) ||
        ImGui::IsItemDeactivatedAfterEdit())
        target_ = target;
    row("categories", "P summed over the words of a list that are a single token");
    draw_categories(state);
    row("own words", "A category of your own: words separated by blanks or commas");
    by_name(state, "##own words", "own words");
    ImGui::InputTextWithHint("##own words", "before, after", &own_words_);
    row("controls",
        "Draws of the random control: the same script on as many experts drawn from the "
        "same layer. 0: none");
    by_name(state, "##controls", "controls");
    ImGui::SliderInt("##controls", &controls_, 0, kMostControls, "%d",
                     ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_Logarithmic);
    row("seed", "Of everything drawn: controls and random directions");
    by_name(state, "##seed", "seed");
    ImGui::InputInt("##seed", &seed_, 1, 10);
    seed_ = std::max(seed_, 0);
}

void EffectQuestion::draw_categories(AppState& state) {
    const std::string shown = chosen_.empty()       ? "none"
                              : chosen_.size() == 1 ? *chosen_.begin()
                                                    : std::to_string(chosen_.size()) + " lists";
    by_name(state, "##categories", "categories\xE2\x80\xA6");
    if (!ImGui::BeginCombo("##categories", shown.c_str())) {
        if (!lists_problem_.empty()) tooltip(lists_problem_);
        return;
    }
    if (lists_.empty())
        note(state, reading_.waits()         ? "Reading the word lists\xE2\x80\xA6"
                    : lists_problem_.empty() ? "No word list was found."
                                             : lists_problem_);
    for (const auto& list : lists_) {
        const bool on = chosen_.count(list.name) != 0;
        if (ImGui::Selectable(list.name.c_str(), on, ImGuiSelectableFlags_NoAutoClosePopups)) {
            if (on)
                chosen_.erase(list.name);
            else
                chosen_.insert(list.name);
        }
        std::string words;
        for (size_t i = 0; i < std::min<size_t>(list.words.size(), 12); ++i)
            words += (i ? ", " : "") + list.words[i];
        tooltip(std::to_string(list.words.size()) + " words: " + words +
                (list.words.size() > 12 ? ", \xE2\x80\xA6" : ""));
    }
    ImGui::EndCombo();
}

}  // namespace hopscope::app
