#include "app/panels/routing_space/centroid_move.h"

#include <cmath>
#include <numeric>
#include <random>

#include "app/panels/routing_space/labels.h"
#include "app/panels/routing_space/neighbours.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr int kRandomMoves = 20;
constexpr uint64_t kMoveSeed = 1;

}  // namespace

double MoveEffect::mean() const {
    return control.empty()
               ? std::nan("")
               : static_cast<double>(std::accumulate(control.begin(), control.end(), int64_t{0})) /
                     static_cast<double>(control.size());
}

double MoveEffect::deviation() const {
    if (control.size() < 2) return std::nan("");
    double squares = 0;
    for (const int64_t n : control) squares += std::pow(static_cast<double>(n) - mean(), 2);
    return std::sqrt(squares / static_cast<double>(control.size() - 1));
}

MoveEffect move_effect(const core::LayerGeometry& g, const viz::NearestTwo& near, int64_t expert,
                       std::span<const float> to, int draws, uint64_t seed) {
    MoveEffect out;
    out.positions = static_cast<int64_t>(near.expert.size());
    out.changed = viz::changed_by_move(g, near, expert, to);
    const auto from = position_of(g, {true, expert, 0});
    if (from.empty()) return out;
    const float degrees = viz::degrees_between(from, to);
    std::mt19937_64 bits(seed);
    for (int i = 0; i < draws; ++i)
        out.control.push_back(
            viz::changed_by_move(g, near, expert, viz::random_move(from, degrees, bits)));
    return out;
}

core::Command move_command(int64_t layer, int64_t expert, std::span<const float> to) {
    core::Command command;
    command.kind = core::CommandKind::move_centroid;
    command.args["layer"] = layer;
    command.args["expert"] = std::vector<int64_t>{expert};
    command.args["to"] = std::vector<double>(to.begin(), to.end());
    return command;
}

void CentroidMove::begin(AppState& state, const SpaceView& view, int64_t expert, ImVec2 pointer) {
    const auto& g = state.geometry->layers[static_cast<size_t>(view.layer)];
    const auto from = position_of(g, {true, expert, 0});
    if (from.empty()) return;
    phase_ = Phase::dragging;
    snapshot_ = state.geometry;
    layer_ = view.layer;
    expert_ = expert;
    axes_ = view.axes;
    start_ = view.centroid(expert);
    from_ = to_ = {from.begin(), from.end()};
    pointer_ = pointer;
    pending_.forget();
    effect_.reset();
}

void CentroidMove::drag_to(const SpaceView& view, const SpaceCamera& camera, ImVec2 pointer) {
    const viz::Vec2 a = camera.to_plane(pointer_), b = camera.to_plane(pointer);
    // Moved in the plane of the screen, at the depth where it lies.
    viz::Vec3 turned = camera.orbit().turned(start_);
    turned.x += b.x - a.x;
    turned.y += b.y - a.y;
    const viz::Vec3 world = camera.orbit().back(turned);
    to_ = viz::lifted(view.basis, from_,
                      {world.x - start_.x, world.y - start_.y, world.z - start_.z});
}

void CentroidMove::release(AppState& state) {
    if (phase_ != Phase::dragging) return;
    phase_ = Phase::asking;
    pending_ = state.aside([snapshot = snapshot_, layer = layer_, expert = expert_, to = to_] {
        const auto& g = snapshot->layers[static_cast<size_t>(layer)];
        return move_effect(g, viz::nearest_two(g), expert, to, kRandomMoves, kMoveSeed);
    });
}

void CentroidMove::update(const SpaceView& view) {
    if (auto come = pending_.take()) effect_ = std::move(come);
    if (phase_ != Phase::none && (view.layer != layer_ || view.axes != axes_)) drop();
}

void CentroidMove::forget() {
    drop();
    done_.clear();
}

std::string CentroidMove::run_refusal(const AppState& state) const {
    if (!state.time.live()) return "The picture shows the past; the run has gone on since.";
    if (state.sample.shown())
        return "The picture shows a checkpoint, of which a larger sample was taken; the run has "
               "gone "
               "on since. Go back to the probe sample (More).";
    const core::CommandSpec& spec = core::spec_of(core::CommandKind::move_centroid);
    if (const auto checked = core::check_command(command()); !checked)
        return checked.error().message;
    if (const char* why = refusal(state, spec.action)) return why;
    return "";
}

void CentroidMove::apply_to_prompt(AppState& state) {
    state.stack.add(command());
    done_.push_back({false, {}, state.selection_history.next_order(), state.stack.version()});
    drop();
}

void CentroidMove::apply_to_run(AppState& state) {
    state.submit(command());
    done_.push_back({true, move_command(layer_, expert_, from_),
                     state.selection_history.next_order(), state.stack.version()});
    drop();
}

uint64_t CentroidMove::undo_order(const AppState& state) const {
    if (done_.empty()) return 0;
    const Done& last = done_.back();
    return last.on_run || last.stack == state.stack.version() ? last.order : 0;
}

void CentroidMove::undo(AppState& state) {
    if (undo_order(state) == 0) return;
    const Done last = done_.back();
    done_.pop_back();
    if (last.on_run) return static_cast<void>(state.submit(last.back));
    state.stack.undo();
    // The stack is again as the move before left it.
    if (!done_.empty() && !done_.back().on_run && done_.back().stack + 1 == last.stack)
        done_.back().stack = state.stack.version();
}

void CentroidMove::draw_in_picture(const AppState& state, const SpaceView& view,
                                   const SpaceCamera& camera) const {
    if (phase_ == Phase::none) return;
    const float s = state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto e = static_cast<size_t>(expert_);
    const float radius = std::max(e < view.sizes.size() ? view.sizes[e] / 2 : 0.0f, 5 * s);
    const auto at = viz::project(view.basis, to_);
    if (at.size() < 3) return;
    const ImVec2 a = camera.on_screen(start_), b = camera.on_screen({at[0], at[1], at[2]});
    const ImU32 amber = packed(state.theme().amber);
    for (int part = 0; part < 12; part += 2) {  // the ghost it leaves
        const float from = static_cast<float>(part) * 0.5236f;
        list->PathArcTo(a, radius, from, from + 0.5236f, 6);
        list->PathStroke(packed(state.theme().text), 0, 1.4f * s);
    }
    list->AddLine(a, b, amber, 1.8f * s);
    list->AddCircleFilled(
        b, radius, viz::packed(state.places.expert_color(layer_, expert_, state.theme().dark)));
    list->AddCircle(b, radius + 3 * s, amber, 0, 2 * s);
    draw_label(state, ImVec2(b.x + radius + 8 * s, b.y),
               "E" + std::to_string(expert_) + "  " +
                   rounded(static_cast<double>(viz::degrees_between(from_, to_)), 1) + "\xC2\xB0",
               packed(state.theme().amber_text));
}

void CentroidMove::draw_numbers(const AppState& state) const {
    const double degrees = static_cast<double>(viz::degrees_between(from_, to_));
    ImGui::TextColored(state.theme().amber_text, "E%lld moved by %s\xC2\xB0",
                       static_cast<long long>(expert_), rounded(degrees, 1).c_str());
    ImGui::SameLine();
    ImGui::TextColored(state.theme().dim, "cosine %s to where it was",
                       rounded(std::cos(degrees / 57.29577951308232), 3).c_str());
    if (!effect_) {
        ImGui::TextColored(state.theme().dim, "counting what changes\xE2\x80\xA6");
        return;
    }
    ImGui::Text("%s of %s positions get another nearest centroid",
                with_thousands(effect_->changed).c_str(),
                with_thousands(effect_->positions).c_str());
    ImGui::TextColored(state.theme().dim, "%d random moves by the same angle: %s \xC2\xB1 %s",
                       kRandomMoves, rounded(effect_->mean(), 1).c_str(),
                       rounded(effect_->deviation(), 1).c_str());
    tooltip(
        "Mean \xC2\xB1 standard deviation over n = 20 moves of this centroid by the same angle "
        "in directions drawn evenly from the whole space. By the nearest centroid alone, in "
        "the sample of the snapshot; what the model does is measured in Intervene.");
}

void CentroidMove::draw_card(AppState& state, ImVec2 at, ImVec2 size) {
    if (phase_ != Phase::asking) return;
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeightWithSpacing();
    const float height = 3 * line + ImGui::GetFrameHeight() + 22 * s;
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + size.y - height));
    ImGui::PushStyleColor(ImGuiCol_ChildBg, state.theme().panel);  // buttons stand out on it
    ImGui::BeginChild("move", ImVec2(size.x, height), ImGuiChildFlags_AlwaysUseWindowPadding);
    ImGui::PopStyleColor();
    const ImVec2 corner = ImGui::GetWindowPos();
    ImGui::GetWindowDrawList()->AddRect(corner, ImVec2(corner.x + size.x, corner.y + height),
                                        packed(state.theme().border));
    ImGui::GetWindowDrawList()->AddRectFilled(corner, ImVec2(corner.x + 3 * s, corner.y + height),
                                              packed(state.theme().amber));
    draw_numbers(state);
    if (button(state, "On the prompt", nullptr,
               "Adds a row to the stack of interventions, which acts on the prompt in the "
               "inspector's copy. Ctrl+Z takes it back"))
        apply_to_prompt(state);
    ImGui::SameLine();
    const std::string why = run_refusal(state);
    if (button(state, "On the run", why.empty() ? nullptr : why.c_str(),
               "Puts the centroid there in the run, before its next update; logged, and marked on "
               "the curves. Ctrl+Z puts it back where it was"))
        apply_to_run(state);
    ImGui::SameLine();
    if (button(state, "Cancel", nullptr, "Drops the move (Esc)")) drop();
    ImGui::EndChild();
}

}  // namespace hopscope::app
