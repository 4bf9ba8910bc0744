// When the numbers of the statistics panel are made, its controls and what it exports; the views
// are drawn in statistics_matrices.cpp and statistics_charts.cpp.
#include "app/panels/statistics_panel.h"

#include <algorithm>
#include <cstdio>

#include "app/window/export.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr double kRefresh = 0.25;  ///< seconds between two makings while snapshots stream
constexpr double kAskAgain = 1.0;  ///< the same for the collinearity, which costs a core more

struct ViewText {
    StatisticsPanel::View view;
    const char* name;
    const char* help;
};
using View = StatisticsPanel::View;
constexpr ViewText kViews[] = {
    {View::overview, "overview", "Overlap of hops, collinearity and load at a glance"},
    {View::overlap, "overlap", "Jaccard of the chosen experts between hops, layers and steps"},
    {View::collinearity, "collinearity", "Cosines of all pairs of centroids"},
    {View::load, "load", "Load of every expert over the run"},
    {View::use, "use", "Sorted loads of all layers beside the uniform line"},
    {View::confidence, "confidence", "Entropy and highest probability of the router, by layer"},
    {View::norms, "norms", "What attention and experts add, by layer, of a traced prompt"},
};

const char* name_of(View view) {
    return kViews[static_cast<size_t>(view)].name;
}

}  // namespace

std::unique_ptr<Panel> make_statistics_panel() {
    return std::make_unique<StatisticsPanel>();
}

size_t StatisticsPanel::layer_of(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return 0;
    return static_cast<size_t>(std::clamp<int64_t>(
        state.selection.layer, 0, static_cast<int64_t>(state.geometry->layers.size()) - 1));
}

const core::LayerGeometry* StatisticsPanel::geometry_of(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return nullptr;
    return &state.geometry->layers[layer_of(state)];
}

std::string StatisticsPanel::detail(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return {};
    return "layer " + std::to_string(layer_of(state)) + "   step " +
           with_thousands(state.geometry->step);
}

std::string StatisticsPanel::problem(const AppState& state) const {
    if (state.session && state.session->config().model.ffn == "dense")
        return "A dense run has no experts";
    if (!state.geometry)
        return state.status.state == core::RunState::failed ? "The run failed before that"
                                                            : "Waiting for the first snapshot";
    if (state.geometry->layers.empty()) return "This run has no layers that route";
    return {};
}

void StatisticsPanel::prepare(AppState& state) {
    if (session_ != state.session.get()) {
        session_ = state.session.get();
        history_.clear();
        history_version_ = 0;
        made_ = {};
        load_map_ = {};
        collinearity_ = {};
        ++load_version_;
        ++collinearity_version_;
        asked_ = {};
        job_ = nullptr;  // a thread still at work keeps its own
    }
    if (!state.session || !state.geometry || state.geometry->layers.empty()) return;
    if (history_version_ != state.geometry->version) {
        history_.add(*state.geometry);
        history_version_ = state.geometry->version;
    }
    // A tab behind another one only remembers.
    if (ImGui::GetFrameCount() - drawn_frame_ > 2) return;
    make_numbers(state);
    ask_collinearity(state);
}

void StatisticsPanel::make_numbers(AppState& state) {
    const Made wanted = {session_, state.geometry->version, static_cast<int64_t>(layer_of(state)),
                         view_};
    if (wanted == made_) return;
    const bool only_newer =
        wanted.view == made_.view && wanted.layer == made_.layer && wanted.session == made_.session;
    if (only_newer && state.now - made_at_ < kRefresh) return;
    made_ = wanted;
    made_at_ = state.now;
    const size_t layer = layer_of(state);
    if (view_ == View::overview || view_ == View::load) {
        load_map_ = load_map(history_, layer);
        ++load_version_;
    }
    if (view_ == View::overlap) {
        layers_ = layer_overlap(*state.geometry);
        steps_ = step_overlap(history_, *geometry_of(state), layer);
    }
    if (view_ == View::use) {
        use_.clear();
        for (const auto& g : state.geometry->layers) use_.push_back(utilisation_of(g));
    }
    if (view_ == View::confidence) {
        entropy_ = entropy_by_layer(state.history);
        max_prob_ = max_prob_by_layer(state.history);
    }
}

void StatisticsPanel::ask_collinearity(AppState& state) {
    if (job_ && job_->done) {
        collinearity_ = std::move(job_->value);
        ++collinearity_version_;
        job_ = nullptr;
    }
    if (!shows_collinearity() || job_) return;
    const Asked wanted = {state.geometry->version, static_cast<int64_t>(layer_of(state)), order_};
    if (wanted == asked_) return;
    const bool only_newer = wanted.layer == asked_.layer && wanted.order == asked_.order;
    if (only_newer && state.now - asked_at_ < kAskAgain) return;
    asked_ = wanted;
    asked_at_ = state.now;
    job_ = std::make_shared<Job>();
    thread_ = std::async(std::launch::async,
                         [job = job_, snapshot = state.geometry, layer = layer_of(state),
                          order = order_, wake = state.wake] {
                             job->value = collinearity_of(*snapshot, layer, order);
                             job->done = true;
                             if (wake) wake();
                         });
}

void StatisticsPanel::draw(AppState& state) {
    drawn_frame_ = ImGui::GetFrameCount();
    if (const std::string why = problem(state); !why.empty()) {
        const bool dense = state.session && state.session->config().model.ffn == "dense";
        empty_state(state, why.c_str(),
                    dense ? "Overlap, collinearity and load describe a router. The curves show "
                            "what this run has."
                          : "Overlap of hops, collinearity of centroids, load, use and confidence "
                            "appear here as soon as the run publishes its geometry.");
        return;
    }
    draw_tabs(state);
    draw_options(state);
    const float s = state.pixel_scale;
    body_ = {ImGui::GetCursorScreenPos(), ImGui::GetContentRegionAvail()};
    body_.size.y -= 4 * s;
    if (body_.size.x < 80 * s || body_.size.y < 60 * s) return;
    switch (view_) {
        case View::overview:
            draw_overview(state, body_);
            break;
        case View::overlap:
            draw_overlap(state, body_);
            break;
        case View::collinearity:
            draw_collinearity(state, body_);
            break;
        case View::load:
            draw_load(state, body_);
            break;
        case View::use:
            draw_use(state, body_);
            break;
        case View::confidence:
            draw_confidence(state, body_);
            break;
        case View::norms:
            draw_norms(state, body_);
            break;
    }
    ImGui::SetCursorScreenPos(body_.at);
    ImGui::Dummy(body_.size);
}

void StatisticsPanel::draw_tabs(AppState& state) {
    const float gap = 4 * state.pixel_scale;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    for (const ViewText& text : kViews) {
        const float width = ImGui::CalcTextSize(text.name).x + 2 * ImGui::GetStyle().FramePadding.x;
        if (text.view != View::overview) {
            ImGui::SameLine();
            if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        }
        if (button(state, text.name, nullptr, text.help, 0, view_ == text.view)) view_ = text.view;
    }
    ImGui::PopStyleVar();
}

void StatisticsPanel::draw_options(AppState& state) {
    const float s = state.pixel_scale;
    const bool by_layer = view_ != View::confidence && view_ != View::norms;
    if (by_layer) {
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(state.theme().dim, "layer");
        ImGui::SameLine(0, 4 * s);
        ImGui::SetNextItemWidth(56 * s);
        const auto layer = static_cast<int64_t>(layer_of(state));
        if (ImGui::BeginCombo("##layer", std::to_string(layer).c_str())) {
            for (int64_t i = 0; i < static_cast<int64_t>(state.geometry->layers.size()); ++i)
                if (ImGui::Selectable(std::to_string(i).c_str(), i == layer))
                    state.selection.set_layer(i);
            ImGui::EndCombo();
        }
        tooltip("The layer that all panels show");
        ImGui::SameLine();
    }
    if (shows_collinearity()) {
        ImGui::SetNextItemWidth(102 * s);
        if (ImGui::BeginCombo("##order", app::name_of(order_))) {
            for (const RowOrder order : {RowOrder::similarity, RowOrder::load})
                if (ImGui::Selectable(app::name_of(order), order == order_)) order_ = order;
            ImGui::EndCombo();
        }
        tooltip(
            "Order of the collinearity matrix. similarity: average linkage over 1 \xE2\x88\x92 "
            "cosine, so that clusters are blocks. load: most used first");
        ImGui::SameLine();
    }
    export_buttons(state);
}

void StatisticsPanel::export_buttons(AppState& state) {
    const float s = state.pixel_scale;
    const char* labels[] = {"Copy", "CSV", "PNG"};
    float width = 8 * s;
    for (const char* label : labels)
        width += ImGui::CalcTextSize(label).x + 2 * ImGui::GetStyle().FramePadding.x;
    const float left = ImGui::GetContentRegionAvail().x - width;
    if (left > 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + left);
    const char* none = has_numbers(state) ? nullptr : "There are no numbers yet.";
    if (button(state, "Copy", none, "Copies the numbers of this view, comma-separated"))
        ImGui::SetClipboardText(table(state).c_str());
    ImGui::SameLine(0, 4 * s);
    if (button(state, "CSV", none, "Writes the numbers of this view into the run folder"))
        export_text(state, file_name(state) + ".csv", table(state));
    ImGui::SameLine(0, 4 * s);
    if (button(state, "PNG", nullptr, "Writes the picture below into the run folder"))
        export_picture(state, file_name(state) + ".png", body_.at,
                       ImVec2(body_.right(), body_.bottom()));
}

bool StatisticsPanel::has_numbers(const AppState& state) const {
    switch (view_) {
        case View::overview:
        case View::load:
            return !load_map_.empty();
        case View::overlap:
            return geometry_of(state)->hops > 1 || steps_.steps.size() > 1;
        case View::collinearity:
            return !collinearity_.empty();
        case View::use:
            return !use_.empty();
        case View::confidence:
            return entropy_.any();
        case View::norms:
            break;
    }
    return state.trace && state.trace->error.empty();
}

std::string StatisticsPanel::file_name(const AppState& state) const {
    char step[16];
    std::snprintf(step, sizeof step, "%08lld", static_cast<long long>(state.geometry->step));
    return std::string("statistics_") + name_of(view_) + "_layer" +
           std::to_string(layer_of(state)) + "_step_" + step;
}

std::string StatisticsPanel::table(const AppState& state) const {
    const core::LayerGeometry* g = geometry_of(state);
    if (!g) return {};
    const auto layer = static_cast<int64_t>(layer_of(state));
    const int64_t step = state.geometry->step;
    std::string out;
    if (view_ == View::overview || view_ == View::overlap)
        if (g->hops > 1) out += csv_of(*g, layer, step);
    if (view_ == View::overlap && steps_.steps.size() > 1) out += csv_of(steps_, layer);
    if (shows_collinearity() && !collinearity_.empty()) out += csv_of(collinearity_);
    if ((view_ == View::overview || view_ == View::load) && !load_map_.empty())
        out += csv_of(load_map_, layer);
    if (view_ == View::use && static_cast<size_t>(layer) < use_.size())
        out += csv_of(use_[static_cast<size_t>(layer)], layer, step);
    if (view_ == View::confidence && entropy_.any())
        out += csv_of(entropy_, max_prob_, state.status.step);
    if (view_ == View::norms && state.trace && state.trace->error.empty())
        out += csv_of(norms_of(*state.trace));
    return out;
}

}  // namespace hopscope::app
