#include "app/panels/trajectory/passages.h"

#include <algorithm>
#include <cctype>
#include <imgui.h>

#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kPassagesPopup = "passages";
constexpr float kPassagesWidth = 640, kPassagesHeight = 300;

/// The text with as much around the byte as fits `width` pixels, and the word in brackets.
std::string word_in(const AppState& state, const std::string& text, int64_t at, size_t length,
                    float width) {
    const std::string all = displayable(text, state.fonts.text);
    if (all != text) return fitted(all, width);  // bytes do not count any more
    const size_t end = std::min(static_cast<size_t>(at) + 1, all.size());
    const size_t begin = end - std::min(length, end);
    size_t low = 0, high = all.size();
    const auto shown = [&] {
        return (low > 0 ? "\xE2\x80\xA6" : "") + all.substr(low, begin - low) + "[" +
               all.substr(begin, end - begin) + "]" + all.substr(end, high - end) +
               (high < all.size() ? "\xE2\x80\xA6" : "");
    };
    const auto is_middle = [&](size_t i) {
        return i < all.size() && (static_cast<unsigned char>(all[i]) & 0xC0) == 0x80;
    };
    while (ImGui::CalcTextSize(shown().c_str()).x > width && (low < begin || high > end)) {
        // The longer side gives way, a whole character at a time.
        if (begin - low >= high - end) {
            do ++low;
            while (low < begin && is_middle(low));
        } else {
            do --high;
            while (high > end && is_middle(high));
        }
    }
    return shown();
}

}  // namespace

std::string PassageChooser::refusal(const AppState& state) {
    if (std::string none = no_model(state); !none.empty()) return none;
    if (!state.services.passages) return "This window cannot read the run's text.";
    if (state.status.run_dir.empty()) return "The run has no folder yet.";
    if (state.status.state == core::RunState::preparing)
        return "The run's text is still being prepared.";
    return {};
}

void PassageChooser::forget() {
    work_.stop();
    *this = {};
}

void PassageChooser::update(AppState& state) {
    if (auto answer = work_.take()) {
        problem_.clear();
        if (*answer)
            found_ = std::make_shared<const core::Passages>(std::move(**answer));
        else
            problem_ = answer->error().message;
        state.keep_drawing();
    }
    if (!is_open_ || (has_asked_ && wanted_ == asked_) || !refusal(state).empty()) return;
    asked_ = wanted_;
    has_asked_ = true;
    work_.start(state.wake,
                [read = state.services.passages, run = state.status.run_dir, request = wanted_](
                    const core::Progress& progress) { return read(run, request, progress); });
}

bool PassageChooser::draw(AppState& state) {
    if (opens_) {
        opens_ = false;
        ImGui::OpenPopup(kPassagesPopup);
    }
    const float s = state.pixel_scale;
    ImGui::SetNextWindowSize(ImVec2(kPassagesWidth * s, 0));
    is_open_ = ImGui::BeginPopup(kPassagesPopup, ImGuiWindowFlags_NoSavedSettings);
    if (!is_open_) return false;
    draw_head(state);
    bool fills = false;
    if (found_ && problem_.empty()) {
        const float width = ImGui::GetContentRegionAvail().x;
        ImGui::BeginChild("found", ImVec2(0, kPassagesHeight * s));
        fills = draw_pairs(state, width - ImGui::GetStyle().ScrollbarSize);
        fills |= draw_passages(state, width - ImGui::GetStyle().ScrollbarSize);
        ImGui::EndChild();
    }
    if (fills) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
    return fills;
}

/// Where they come from, and which of them: the seed.
void PassageChooser::draw_head(AppState& state) {
    const float s = state.pixel_scale;
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted("seed");
    ImGui::SameLine();
    int seed = static_cast<int>(wanted_.seed);
    ImGui::SetNextItemWidth(70 * s);
    if (ImGui::InputInt("##seed", &seed, 0))
        wanted_.seed = static_cast<uint64_t>(std::max(seed, 0));
    tooltip("The same seed gives the same passages of this run");
    ImGui::SameLine();
    if (button(state, "Next", nullptr, "Draws others, with the next seed")) ++wanted_.seed;
    ImGui::SameLine(0, 16 * s);
    const bool waits = work_.working();
    if (!problem_.empty()) {
        problem_text(state, problem_);
    } else if (waits || !found_) {
        ImGui::TextColored(state.theme().dim, "reading the run's validation text\xE2\x80\xA6");
    } else {
        text_cut(state,
                 "validation text, " + with_thousands(found_->tokens) + " tokens, " +
                     with_thousands(found_->read) + " looked at",
                 state.theme().dim);
    }
}

/// Those of one word, a click fills both prompts.
bool PassageChooser::draw_pairs(AppState& state, float width) const {
    const float s = state.pixel_scale;
    heading(state, found_->meanings_known ? "One word, two meanings" : "One word, two contexts");
    if (found_->pairs.empty())
        note(state, "No word stands in two such contexts here; draw others, or type two prompts.");
    bool fills = false;
    for (size_t i = 0; i < found_->pairs.size(); ++i) {
        const core::PassagePair& pair = found_->pairs[i];
        ImGui::PushID(static_cast<int>(i));
        const float line = ImGui::GetTextLineHeight();
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const bool pressed = ImGui::Selectable("##pair", false, 0, ImVec2(width, 2 * line + 4 * s));
        tooltip("Fills the first and the second prompt and puts \"" + pair.word +
                "\" of both below each other");
        const float room = width - 84 * s;
        const auto write = [&](const core::Passage& passage, int64_t end,
                               const std::string& meaning, float y) {
            ImDrawList* list = ImGui::GetWindowDrawList();
            const std::string text = word_in(state, passage.text, end, pair.word.size(),
                                             room - (meaning.empty() ? 0 : 96 * s));
            list->AddText(ImVec2(at.x + 84 * s, y), packed(state.theme().text), text.c_str());
            if (!meaning.empty())
                list->AddText(ImVec2(at.x + width - 90 * s, y), packed(state.theme().dim),
                              fitted(meaning, 88 * s).c_str());
        };
        ImGui::GetWindowDrawList()->AddText(ImVec2(at.x + 4 * s, at.y), packed(state.theme().text),
                                            fitted(pair.word, 76 * s).c_str());
        write(pair.first, pair.first_at, pair.first_meaning, at.y);
        write(pair.second, pair.second_at, pair.second_meaning, at.y + line + 2 * s);
        if (pressed) {
            state.prompt = pair.first.text;
            state.second.open = true;
            state.second.text = pair.second.text;
            state.second.meets = SecondPrompt::Meeting{pair.first_at, pair.second_at};
            fills = true;
        }
        ImGui::PopID();
    }
    return fills;
}

/// Single ones; a click fills the first prompt, with Shift the second.
bool PassageChooser::draw_passages(AppState& state, float width) const {
    heading(state, "Passages");
    if (found_->passages.empty())
        note(state, "The validation text has no line that a passage could be taken from.");
    bool fills = false;
    for (size_t i = 0; i < found_->passages.size(); ++i) {
        const core::Passage& passage = found_->passages[i];
        ImGui::PushID(static_cast<int>(i));
        const std::string text = fitted(displayable(passage.text, state.fonts.text), width);
        if (ImGui::Selectable((text + "##passage").c_str())) {
            if (ImGui::GetIO().KeyShift) {
                state.second.open = true;
                state.second.text = passage.text;
            } else {
                state.prompt = passage.text;
            }
            fills = true;
        }
        tooltip("From token " + with_thousands(passage.begin) +
                " of the validation text. A click fills the first prompt, with Shift the second");
        ImGui::PopID();
    }
    return fills;
}

}  // namespace hopscope::app
