#include "app/panels/trajectory/recorded.h"

#include <algorithm>
#include <cstdlib>
#include <imgui.h>
#include <string>
#include <utility>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

/// "no weights, no entropy in this trace": what is left empty in the panels, and why.
std::string lacking(const core::ImportedTrace& trace) {
    std::string out;
    for (const auto& [has, what] : {std::pair(trace.token_ids, "token ids"),
                                    {trace.weights, "weights"},
                                    {trace.entropy, "entropies"}})
        if (!has) out += (out.empty() ? "no " : ", no ") + std::string(what);
    return out.empty() ? out : out + " in this trace";
}

void draw_traces(AppState& state) {
    const core::ImportedLook& look = *state.imported;
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "trace");
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
    ImGui::SetNextItemWidth(180 * state.pixel_scale);
    by_name(state, "##recorded", "recorded trace\xE2\x80\xA6");
    if (ImGui::BeginCombo("##recorded", look.view.trace.c_str())) {
        for (const core::ImportedTrace& trace : look.traces)
            if (ImGui::Selectable(trace.name.c_str(), trace.name == look.view.trace)) {
                core::ImportedView view = state.next_view();
                view.trace = trace.name;
                view.text = 0;
                state.ask_for_view(std::move(view));
            }
        ImGui::EndCombo();
    }
    tooltip("Recordings that were imported with the model; all panels show the chosen one");
}

void ask_for_text(AppState& state, int64_t text) {
    core::ImportedView view = state.next_view();
    view.text = text;
    state.selection.prompt_tokens.clear();
    ++state.selection.version;
    state.ask_for_view(std::move(view));
}

void draw_texts(AppState& state, const core::ImportedTrace& trace) {
    const float s = state.pixel_scale;
    const int64_t text = state.imported->view.text;
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "text");
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
    if (button(state, "<", text > 0 ? nullptr : "This is the first text.", "The text before"))
        ask_for_text(state, text - 1);
    ImGui::SameLine(0, 4 * s);
    ImGui::SetNextItemWidth(72 * s);
    by_name(state, "##text", "number of the text");
    if (int typed = static_cast<int>(text); ImGui::InputInt("##text", &typed, 0, 0))
        ask_for_text(state, std::clamp<int64_t>(typed, 0, trace.texts - 1));
    tooltip("Which text of the trace is followed through the layers, 0 to " +
            with_thousands(trace.texts - 1));
    ImGui::SameLine(0, 4 * s);
    if (button(state, ">", text + 1 < trace.texts ? nullptr : "This is the last text.",
               "The next text"))
        ask_for_text(state, text + 1);
}

}  // namespace

void RecordedChoice::update(AppState& state) {
    if (!state.imported) {
        if (!restores_) trace_ = text_ = "";
        return;
    }
    if (std::exchange(restores_, false)) {
        core::ImportedView view = state.next_view();
        if (!trace_.empty()) view.trace = trace_;
        if (!text_.empty()) view.text = std::atoll(text_.c_str());
        state.ask_for_view(std::move(view));
        return;
    }
    trace_ = state.imported->view.trace;
    text_ = std::to_string(state.imported->view.text);
}

void RecordedChoice::keep_in(PanelView& view) const {
    view["trace"] = trace_;
    view["text"] = text_;
}

void RecordedChoice::restore(const PanelView& view) {
    for (const auto& [name, value] : {std::pair("trace", &trace_), {"text", &text_}})
        if (const auto kept = view.find(name); kept != view.end() && !kept->second.empty()) {
            *value = kept->second;
            restores_ = true;
        }
}

void draw_recorded(AppState& state) {
    if (!state.imported || state.imported->traces.empty()) return;
    const float s = state.pixel_scale;
    draw_traces(state);
    if (!state.imported->problem.empty()) problem_text(state, state.imported->problem);
    const core::ImportedTrace* trace = state.shown_trace();
    if (!trace || trace->texts < 1) return;
    flow(190 * s);
    draw_texts(state, *trace);
    flow(150 * s);
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "%s %s, %s tokens", with_thousands(trace->texts).c_str(),
                       trace->texts == 1 ? "text" : "texts", with_thousands(trace->tokens).c_str());
    if (const std::string none = lacking(*trace); !none.empty()) note(state, none);
    if (state.trace && std::ssize(state.trace->tokens) == core::kMostPictureTokens)
        note(state, "Shown are the first " + with_thousands(core::kMostPictureTokens) +
                        " tokens of the text; analyses read all.");
    for (const std::string& found : trace->notes) note(state, found);
}

void draw_nothing_recorded(AppState& state) {
    if (!state.imported) {
        empty_state(state, "Reading the model", state.status.activity.c_str());
        return;
    }
    const core::ImportedLook& look = *state.imported;
    if (!look.problem.empty() || (state.trace && !state.trace->error.empty())) {
        empty_state(state, "Nothing to show",
                    (look.problem.empty() ? state.trace->error : look.problem).c_str());
        return;
    }
    if (!look.traces.empty()) {
        empty_state(state, "This text has no tokens", "Choose another text of the trace.");
        return;
    }
    empty_state(state, "No trace was imported",
                "A recording of a server (vLLM, SGLang) or of python/hopscope_capture.py shows "
                "which way tokens took: hopscope import MODEL --trace FILE --out RUN");
}

}  // namespace hopscope::app
