#include "app/panels/intervene/arguments.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>
#include <utility>

#include "app/widgets/exact_slider.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/widgets.h"
#include "core/api/command_registry.h"

namespace hopscope::app {
namespace {

constexpr float kLabelWidth = 92;
constexpr double kLayersListed = 64;  ///< above that a slider

/// Mean of the unit rows of `experts`; empty where the geometry has none.
std::vector<double> mean_centroid(const AppState& state, int64_t layer,
                                  const std::vector<int64_t>& experts, double sign) {
    if (!state.newest || layer < 0 || layer >= static_cast<int64_t>(state.newest->layers.size()) ||
        experts.empty())
        return {};
    const auto& g = state.newest->layers[static_cast<size_t>(layer)];
    std::vector<double> out(static_cast<size_t>(g.d_space), 0.0);
    for (const int64_t e : experts) {
        if (e < 0 || static_cast<size_t>((e + 1) * g.d_space) > g.centroids.size()) return {};
        for (int64_t d = 0; d < g.d_space; ++d)
            out[static_cast<size_t>(d)] +=
                sign * static_cast<double>(g.centroids[static_cast<size_t>(e * g.d_space + d)]);
    }
    return out;
}

std::string what_and_allowed(const core::ArgSpec& arg) {
    return arg.help + (arg.allowed.empty() ? "" : "\nAllowed: " + with_thousands_in(arg.allowed));
}

}  // namespace

/// The first change of an edit is what undo goes back to.
void ArgumentForm::change(AppState& state, uint64_t id, const std::string& name,
                          const core::Value* value) {
    if (std::exchange(fresh_edit_, false)) state.stack.begin_edit();
    state.stack.set_argument(id, name, value);
    state.keep_drawing();
}

void ArgumentForm::draw(AppState& state, const StackItem& item) {
    const core::CommandSpec* spec = &core::spec_of(item.command.kind);
    for (const core::ArgSpec* arg : asked_of(item.command)) draw_argument(state, item, *spec, *arg);
    const bool scoped =
        std::any_of(core::scope_args().begin(), core::scope_args().end(),
                    [&](const core::ArgSpec& arg) { return item.command.has(arg.name); });
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    by_name(state, "scope");
    const bool open = ImGui::TreeNodeEx("scope", ImGuiTreeNodeFlags_NoTreePushOnOpen |
                                                     ImGuiTreeNodeFlags_SpanAvailWidth |
                                                     (scoped ? ImGuiTreeNodeFlags_DefaultOpen : 0));
    ImGui::PopStyleColor();
    tooltip("Where it acts: layers, hops and tokens; all where nothing is given");
    if (!open) return;
    for (const core::ArgSpec* arg : scope_asked_of(item.command))
        draw_argument(state, item, *spec, *arg);
}

void ArgumentForm::draw_argument(AppState& state, const StackItem& item,
                                 const core::CommandSpec& spec, const core::ArgSpec& arg) {
    const ArgEditor editor = editor_of(spec, arg, state.model_shape(), layer_of(item.command));
    ImGui::PushID(arg.name.c_str());
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "%s", arg.name.c_str());
    tooltip(what_and_allowed(arg));
    ImGui::SameLine(kLabelWidth * state.pixel_scale);
    const bool whole = editor.kind == ArgEditor::integer;
    const bool slides = whole || editor.kind == ArgEditor::number;
    if (slides && editor.optional && !draw_given(state, item, arg)) {
        // nothing to slide
    } else if (editor.kind == ArgEditor::word ||
               (arg.meaning == core::ArgMeaning::layer && editor.high <= kLayersListed)) {
        draw_choice(state, item, arg, editor);
    } else if (slides) {
        double value = item.command.number(arg.name, editor.low);
        const SliderUse use = slider_with_value(state, value, {editor.low, editor.high, whole});
        fresh_edit_ |= use.begun;
        if (use.changed) {
            const core::Value out = whole ? core::Value(std::llround(value)) : core::Value(value);
            change(state, item.id, arg.name, &out);
        }
    } else {
        draw_list(state, item, arg);
    }
    ImGui::PopID();
}

/// A slider cannot be empty, so a mark says whether it counts. @return whether it does
bool ArgumentForm::draw_given(AppState& state, const StackItem& item, const core::ArgSpec& arg) {
    const bool given = item.command.has(arg.name);
    bool on = given;
    by_name(state, "##given", arg.name + " given");
    if (ImGui::Checkbox("##given", &on)) {
        fresh_edit_ = true;
        const core::Value first =
            core::first_value(arg, target_of(state.selection, state.model_shape()));
        change(state, item.id, arg.name, on ? &first : nullptr);
    }
    tooltip(given ? "Given; take the mark away to leave it out" : "Left out");
    ImGui::SameLine();
    if (!given) {
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(state.theme().dim, "not given");
    }
    return given;
}

/// One of some words, or one of the model's layers.
void ArgumentForm::draw_choice(AppState& state, const StackItem& item, const core::ArgSpec& arg,
                               const ArgEditor& editor) {
    const auto found = item.command.args.find(arg.name);
    const bool given = found != item.command.args.end();
    const std::string text = given ? text_of(found->second) : std::string();
    const bool whole = editor.kind == ArgEditor::integer;
    std::vector<std::string> choices = arg.choices;
    if (whole)
        for (int64_t i = 0; i <= static_cast<int64_t>(editor.high); ++i)
            choices.push_back(std::to_string(i));
    ImGui::SetNextItemWidth(-1);
    by_name(state, "##choice", arg.name + "\xE2\x80\xA6");
    if (ImGui::BeginCombo("##choice", given ? text.c_str() : "choose")) {
        for (const auto& choice : choices) {
            if (!ImGui::Selectable(choice.c_str(), choice == text)) continue;
            fresh_edit_ = true;
            const core::Value value = whole ? value_of(choice, true) : core::Value(choice);
            change(state, item.id, arg.name, &value);
        }
        ImGui::EndCombo();
    }
    tooltip(what_and_allowed(arg));
}

/// A list as text; what it says is shown by colour, and helpers fill it in.
void ArgumentForm::draw_list(AppState& state, const StackItem& item, const core::ArgSpec& arg) {
    const float s = state.pixel_scale;
    const auto found = item.command.args.find(arg.name);
    std::string text = found == item.command.args.end() ? "" : text_of(found->second);
    const bool expert = arg.meaning == core::ArgMeaning::experts;
    const std::vector<int64_t> chosen = item.command.integers(arg.name);
    if (expert && chosen.size() == 1) {
        const float top = ImGui::GetCursorPosY();
        ImGui::SetCursorPosY(top + ImGui::GetStyle().FramePadding.y);
        swatch(viz::packed(state.places.expert_color(layer_of(item.command), chosen[0],
                                                     state.theme().dark)),
               s);
        ImGui::SetCursorPosY(top);
    }
    float helpers = 0;
    const auto width = [&](const char* label) { return button_width(label) + 4 * s; };
    if (expert || arg.meaning == core::ArgMeaning::tokens) helpers += width("selected");
    if (arg.meaning == core::ArgMeaning::place) helpers += width("opposite") + width("selected");
    for (const auto& word : arg.choices) helpers += width(word.c_str());
    ImGui::SetNextItemWidth(std::max(ImGui::GetContentRegionAvail().x - helpers, 60 * s));
    const char* hint = arg.required ? "needed" : "all";
    const bool edited = ImGui::InputTextWithHint("##text", hint, &text);
    if (ImGui::IsItemActivated()) fresh_edit_ = true;
    tooltip(what_and_allowed(arg));
    if (edited) {
        const core::Value value = value_of(text, arg.type != core::ArgType::numbers);
        change(state, item.id, arg.name, text.empty() ? nullptr : &value);
    }
    draw_list_helpers(state, item, arg);
}

void ArgumentForm::draw_list_helpers(AppState& state, const StackItem& item,
                                     const core::ArgSpec& arg) {
    const float gap = 4 * state.pixel_scale;
    const auto set = [&](const core::Value& value) {
        fresh_edit_ = true;
        change(state, item.id, arg.name, &value);
    };
    for (const auto& word : arg.choices) {
        ImGui::SameLine(0, gap);
        if (button(state, word.c_str(), nullptr, arg.help.c_str(), 0,
                   item.command.text(arg.name, "") == word))
            set(word);
    }
    const auto& experts = state.selection.experts;
    const char* none = experts.empty() ? "Select experts in another panel first." : nullptr;
    const std::vector<int64_t> chosen(experts.begin(), experts.end());
    if (arg.meaning == core::ArgMeaning::experts) {
        ImGui::SameLine(0, gap);
        if (button(state, "selected", none, "The experts selected in the other panels")) {
            set(chosen.size() == 1 ? core::Value(chosen[0]) : core::Value(chosen));
            if (const auto* its = core::given(item.command, core::ArgMeaning::layer)) {
                const core::Value layer = state.selection.layer;
                change(state, item.id, its->name, &layer);
            }
        }
    } else if (arg.meaning == core::ArgMeaning::tokens) {
        const auto& tokens = state.selection.prompt_tokens;
        ImGui::SameLine(0, gap);
        if (button(state, "selected",
                   tokens.empty() ? "Select tokens in the trajectory first." : nullptr,
                   "From the first to the last selected token"))
            set(std::vector<int64_t>{*tokens.begin(), *tokens.rbegin()});
    } else if (arg.meaning == core::ArgMeaning::place) {
        const int64_t layer = layer_of(item.command);
        const auto opposite = mean_centroid(
            state, layer, core::numbers_of(item.command, core::ArgMeaning::experts), -1);
        const auto mean = mean_centroid(state, state.selection.layer, chosen, 1);
        ImGui::SameLine(0, gap);
        if (button(state, "opposite", opposite.empty() ? "No geometry is there yet." : nullptr,
                   "The other side of the routing space"))
            set(opposite);
        ImGui::SameLine(0, gap);
        if (button(state, "selected",
                   mean.empty() ? "Select experts in another panel first." : nullptr,
                   "Where the selected experts lie: the sum of their unit rows"))
            set(mean);
    }
}

}  // namespace hopscope::app
