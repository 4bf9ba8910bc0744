#include "app/panels/statistics/panel.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "app/panels/run/view.h"
#include "app/panels/statistics/csv.h"
#include "app/panels/statistics/norms.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/layer_choice.h"
#include "app/widgets/run_words.h"
#include "app/widgets/widgets.h"
#include "core/api/cautions.h"

namespace hopscope::app {
namespace {

constexpr double kRefresh = 0.25;  ///< seconds between two makings while snapshots stream
/// Narrower, the tabs of the pages would take the room of what they show: a list. Unscaled pixels.
constexpr float kTabsWidth = 320;

struct PageText {
    StatisticsPanel::Page page;
    const char* name;
    const char* help;
};
using Page = StatisticsPanel::Page;
constexpr PageText kPages[] = {
    {Page::overview, "overview", "Overlap of hops, collinearity and load at a glance"},
    {Page::overlap, "overlap", "Jaccard of the chosen experts between hops, layers and steps"},
    {Page::saturation, "saturation", "How early tokens choose the experts that they choose now"},
    {Page::coactivation, "co-activation", "Which experts a hop chooses together"},
    {Page::collinearity, "collinearity", "Cosines of all pairs of centroids, the closest ones"},
    {Page::load, "load", "Load of every expert over the run"},
    {Page::use, "use", "Sorted loads of all layers beside the uniform line"},
    {Page::confidence, "confidence", "Entropy and highest probability of the router, by layer"},
    {Page::information, "information",
     "Mutual information of token and chosen expert, by layer, beside shuffled labels"},
    {Page::norms, "norms", "What attention and experts add, by layer, of a traced prompt"},
};

const char* name_of(Page page) {
    return kPages[static_cast<size_t>(page)].name;
}

/// Why an imported model has nothing to show there, a sentence; "" where it has, and of a run.
std::string lacks_page(const AppState& state, Page page) {
    if (!state.is_imported()) return {};
    switch (page) {
        case Page::overlap:
            return state.lacks(core::Need::several_hops);
        case Page::saturation:
            return state.lacks(core::Need::changing_choices);
        case Page::confidence: {
            const core::ImportedTrace* trace = state.shown_trace();
            if (!trace) return state.lacks(core::Need::routing);
            return trace->entropy ? "" : "No entropies are in this trace.";
        }
        case Page::norms:
            return state.lacks(core::Need::model);
        default:
            return {};
    }
}

/// Of the buttons that take the page away, with the gaps between them; `s`: pixel scale.
float export_width(float s) {
    return button_width("Copy") + button_width("CSV") + button_width("PNG") + 8 * s;
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

SnapshotLayer StatisticsPanel::place_of(const AppState& state) const {
    return {*state.geometry, layer_of(state)};
}

std::string StatisticsPanel::detail(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return {};
    return place_of(state).name() + step_text(state, "   ", state.geometry->step);
}

std::string StatisticsPanel::problem(const AppState& state) const {
    if (!state.geometry) return without_snapshot(state);
    if (state.geometry->layers.empty()) return "This run has no layers that route";
    return {};
}

void StatisticsPanel::prepare(AppState& state) {
    if (run_ != state.runs_opened) {
        run_ = state.runs_opened;
        made_ = {};
        load_.forget();
        collinearity_.forget();
        coactivation_.forget();
        overlap_.forget();
        saturation_.forget();
        information_.forget();
    }
    if (!state.session || !state.geometry || state.geometry->layers.empty()) return;
    // A tab behind another one makes nothing.
    if (ImGui::GetFrameCount() - drawn_frame_ > 2) return;
    make_numbers(state);
    // For the words of the pairs, and the clusters.
    if (has_order()) state.experts.update(state);
    const SnapshotLayer place = place_of(state);
    collinearity_.update(state, place, order_, shows_collinearity());
    coactivation_.update(state, place, order_, page_ == Page::coactivation);
    overlap_.update(state, place, page_ == Page::overlap);
    saturation_.update(state, page_ == Page::saturation);
    information_.update(state, page_ == Page::information);
}

void StatisticsPanel::make_numbers(AppState& state) {
    const SnapshotLayer place = place_of(state);
    const Made wanted = {run_,  place.snapshot.version, state.archive.version(), place.layer,
                         page_, state.imported};
    if (wanted == made_) return;
    const bool only_newer =
        wanted.page == made_.page && wanted.layer == made_.layer && wanted.run == made_.run;
    if (only_newer && state.now - made_at_ < kRefresh) return;
    made_ = wanted;
    made_at_ = state.now;
    const Past past = state.archive.until(state.geometry);
    if (page_ == Page::overview || page_ == Page::load) load_.make(past, place.layer);
    if (page_ == Page::use) use_.make(state, place.snapshot);
    if (page_ == Page::confidence)
        state.is_imported() ? confidence_.make(place.snapshot) : confidence_.make(state.history);
}

void StatisticsPanel::draw(AppState& state) {
    drawn_frame_ = ImGui::GetFrameCount();
    if (std::string why = state.lacks(core::Need::experts); !why.empty()) {
        why += " The curves show what this run has.";
        empty_state(state, "Not measured in this run", why.c_str());
        return;
    }
    if (const std::string why = problem(state); !why.empty()) {
        empty_state(state, why.c_str(),
                    "Overlap of hops, saturation, co-activation, collinearity of centroids, load, "
                    "use, confidence and information appear here as soon as the run publishes its "
                    "geometry.");
        return;
    }
    const bool listed = ImGui::GetContentRegionAvail().x < kTabsWidth * state.pixel_scale;
    listed ? draw_list(state) : draw_tabs(state);
    draw_options(state, listed);
    const std::string caution =
        core::router_without_task_gradient(present_config(state.session->config(), state.answers));
    if (!caution.empty()) text_cut(state, caution, state.theme().amber_text);
    const float s = state.pixel_scale;
    body_ = {ImGui::GetCursorScreenPos(), ImGui::GetContentRegionAvail()};
    body_.size.y -= 4 * s;
    if (body_.size.x < 80 * s || body_.size.y < 60 * s) return;
    draw_page(state, place_of(state));
    ImGui::SetCursorScreenPos(body_.at);
    ImGui::Dummy(body_.size);
}

void StatisticsPanel::draw_page(AppState& state, const SnapshotLayer& place) {
    switch (page_) {
        case Page::overview:
            return draw_overview(state, place, body_);
        case Page::overlap:
            return overlap_.draw(state, place, body_);
        case Page::saturation:
            return saturation_.draw(state, place, body_);
        case Page::coactivation:
            return coactivation_.draw(state, place, body_);
        case Page::collinearity:
            return collinearity_.draw(state, place, body_, true);
        case Page::load:
            return load_.draw(state, place, body_);
        case Page::use:
            return use_.draw(state, place, body_);
        case Page::confidence:
            return confidence_.draw(state, place, body_);
        case Page::information:
            return information_.draw(state, place, body_);
        case Page::norms:
            return draw_norms(state, body_);
    }
}

void StatisticsPanel::draw_list(AppState& state) {
    ImGui::SetNextItemWidth(122 * state.pixel_scale);
    by_name(state, "##page", "page\xE2\x80\xA6");
    if (ImGui::BeginCombo("##page", name_of(page_), ImGuiComboFlags_HeightLargest)) {
        for (const PageText& text : kPages) {
            const std::string why = lacks_page(state, text.page);
            ImGui::BeginDisabled(!why.empty());
            if (ImGui::Selectable(text.name, page_ == text.page)) page_ = text.page;
            ImGui::EndDisabled();
            tooltip(why.empty() ? text.help : why);
        }
        ImGui::EndCombo();
    } else {
        tooltip(kPages[static_cast<size_t>(page_)].help);
    }
}

void StatisticsPanel::draw_tabs(AppState& state) {
    const float gap = 4 * state.pixel_scale;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    for (const PageText& text : kPages) {
        const float width = button_width(text.name);
        if (text.page != Page::overview) {
            ImGui::SameLine();
            if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        }
        const std::string why = lacks_page(state, text.page);
        if (button(state, text.name, why.empty() ? nullptr : why.c_str(), text.help, 0,
                   page_ == text.page))
            page_ = text.page;
    }
    ImGui::PopStyleVar();
}

/// What is shown of the page; `behind`: on the line of what was drawn last.
void StatisticsPanel::draw_options(AppState& state, bool behind) {
    const float s = state.pixel_scale;
    const auto next = [&](float width) {
        if (std::exchange(behind, true)) flow(width);
    };
    if (page_ != Page::confidence && page_ != Page::norms) {
        next(layer_choice_width(state));
        draw_layer(state);
    }
    if (has_order()) {
        next(102 * s);
        draw_order(state);
    }
    if (page_ == Page::information) {
        next(102 * s);
        information_.draw_options(state);
    }
    next(export_width(s));
    export_buttons(state);
}

void StatisticsPanel::draw_layer(AppState& state) {
    auto layer = static_cast<int64_t>(layer_of(state));
    if (layer_choice(state, std::ssize(state.geometry->layers), layer))
        state.selection.set_layer(layer);
    tooltip("The layer that all panels show");
}

void StatisticsPanel::draw_order(AppState& state) {
    ImGui::SetNextItemWidth(102 * state.pixel_scale);
    by_name(state, "##order", "order\xE2\x80\xA6");
    if (ImGui::BeginCombo("##order", app::name_of(order_))) {
        for (const RowOrder order : kRowOrders) {
            const std::string why = lacks_order(state, place_of(state), order);
            ImGui::BeginDisabled(!why.empty());
            if (ImGui::Selectable(app::name_of(order), order == order_)) order_ = order;
            ImGui::EndDisabled();
            if (!why.empty()) tooltip(why);
        }
        ImGui::EndCombo();
    }
    tooltip(
        "Order of the matrix of experts. similarity: average linkage over 1 \xE2\x88\x92 "
        "cosine, so that groups are blocks. load: most used first. cluster: by the clusters of "
        "what the experts write [def:clusters]");
}

PanelView StatisticsPanel::saved_view() const {
    return {{"page", name_of(page_)},
            {"order", app::name_of(order_)},
            {"label", app::name_of(information_.label)}};
}

void StatisticsPanel::restore_view(const PanelView& view) {
    const auto is = [&](const char* key, const char* value) {
        const auto found = view.find(key);
        return found != view.end() && found->second == value;
    };
    for (const PageText& text : kPages)
        if (is("page", text.name)) page_ = text.page;
    for (const RowOrder order : kRowOrders)
        if (is("order", app::name_of(order))) order_ = order;
    for (const TokenLabel label : {TokenLabel::id, TokenLabel::word_class})
        if (is("label", app::name_of(label))) information_.label = label;
}

void StatisticsPanel::export_buttons(AppState& state) {
    const float s = state.pixel_scale;
    const float left = ImGui::GetContentRegionAvail().x - export_width(s);
    if (left > 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + left);
    const char* none = making()             ? "The numbers are being made."
                       : has_numbers(state) ? nullptr
                                            : "There are no numbers yet.";
    if (button(state, "Copy", none, "Copies the numbers of this view, comma-separated"))
        ImGui::SetClipboardText(table(state).c_str());
    ImGui::SameLine(0, 4 * s);
    if (button(state, "CSV", none, "Writes the numbers of this view into the run folder"))
        export_text(state, file_name(state) + ".csv", numbers(state));
    ImGui::SameLine(0, 4 * s);
    if (button(state, "PNG", nullptr, "Writes the picture below into the run folder"))
        export_picture(state, file_name(state) + ".png", body_.at,
                       ImVec2(body_.right(), body_.bottom()));
}

bool StatisticsPanel::has_numbers(const AppState& state) const {
    switch (page_) {
        case Page::overview:
            // Each part by itself: a run has overlap and centroids before it has trained.
            return has_hops(place_of(state)) || !collinearity_.numbers().empty() ||
                   !load_.map().empty();
        case Page::load:
            return !load_.map().empty();
        case Page::saturation:
            return !saturation_.numbers().empty();
        case Page::coactivation:
            return !coactivation_.numbers().empty();
        case Page::information:
            return !information_.numbers().empty();
        case Page::overlap:
            return overlap_.has_numbers(place_of(state));
        case Page::collinearity:
            return !collinearity_.numbers().empty();
        case Page::use:
            return !use_.empty();
        case Page::confidence:
            return confidence_.has_numbers();
        case Page::norms:
            break;
    }
    return state.trace && state.trace->error.empty();
}

bool StatisticsPanel::making() const {
    return overlap_.making() || collinearity_.making() || coactivation_.making() ||
           saturation_.making() || information_.making();
}

std::string StatisticsPanel::file_name(const AppState& state) const {
    const SnapshotLayer place = place_of(state);
    char step[16];
    std::snprintf(step, sizeof step, "%08lld", static_cast<long long>(state.geometry->step));
    return std::string("statistics_") + name_of(page_) + "_" +
           core::layer_in_file_name(place.geometry().name, static_cast<int64_t>(place.layer)) +
           "_step_" + step;
}

std::string StatisticsPanel::table(const AppState& state) const {
    if (!state.geometry || state.geometry->layers.empty()) return {};
    const SnapshotLayer place = place_of(state);
    const LoadMap& map = load_.map();
    std::string out;
    const core::MoeConfig moe = state.session ? state.session->config().moe : core::MoeConfig();
    if (page_ == Page::overview) out += hops_csv(place, moe);
    if (page_ == Page::overlap) out += overlap_.csv(place, moe);
    if (page_ == Page::saturation && !saturation_.numbers().empty())
        out += csv_of(saturation_.numbers());
    if (page_ == Page::coactivation && !coactivation_.numbers().empty())
        out += csv_of(coactivation_.numbers(), place.name());
    if (page_ == Page::information && !information_.numbers().empty())
        out += csv_of(information_.numbers(), place.snapshot);
    if (shows_collinearity() && !collinearity_.numbers().empty())
        out += csv_of(collinearity_.numbers(), place.name());
    if ((page_ == Page::overview || page_ == Page::load) && !map.empty())
        out += csv_of(map, place.name());
    if (page_ == Page::use) out += use_.csv(place);
    if (page_ == Page::confidence && confidence_.has_numbers())
        out += confidence_.csv(place, state.status.step);
    if (page_ == Page::norms && state.trace && state.trace->error.empty())
        out += csv_of(norms_of(*state.trace));
    return out;
}

void StatisticsPanel::draw_overview(AppState& state, const SnapshotLayer& place, Area area) {
    const float gap = 14 * state.pixel_scale;
    const bool one_hop = place.geometry().hops < 2;
    Area upper = area, lower = area;
    upper.size.y = std::floor(area.size.y * 0.6f);
    lower.at.y = upper.bottom() + gap * 0.5f;
    lower.size.y = area.bottom() - lower.at.y;
    // Between its words nothing of it would be left: it has a page of its own.
    const bool no_load = lower.size.y < 5 * ImGui::GetTextLineHeight();
    if (no_load) upper = area;
    const float share = one_hop ? 0.3f : 0.46f;
    // Routers of other models have no hops that could overlap.
    if (!state.is_imported()) draw_hops(state, place, left_part(upper, share, gap));
    collinearity_.draw(state, place, state.is_imported() ? upper : right_part(upper, share, gap),
                       false);
    if (!no_load) load_.draw(state, place, lower);
}

}  // namespace hopscope::app
