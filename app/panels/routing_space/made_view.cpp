#include "app/panels/routing_space/made_view.h"

#include <utility>

namespace hopscope::app {
namespace {

bool lacks_values(const SpaceLook& look, const LookValues& values) {
    return (look.color && !values.color) || (look.size && !values.size) ||
           (look.alpha && !values.alpha);
}

}  // namespace

MadeView::Shape MadeView::shape_of(const From& from) {
    const int64_t layer = from.options.layer;
    if (!from.snapshot || layer < 0 || layer >= std::ssize(from.snapshot->layers)) return {};
    const core::LayerGeometry& g = from.snapshot->layers[static_cast<size_t>(layer)];
    return {g.experts, g.hops, g.d_space, viz::tokens_of(g)};
}

void MadeView::forget() {
    view_ = std::make_shared<SpaceView>();
    from_ = asked_ = wanted_ = {};
}

bool MadeView::of_what_is_shown(const AppState& state) const {
    From shown = from_;
    shown.snapshot = state.geometry;
    return view_->layer == state.selection.layer && shape_of(from_) == shape_of(shown);
}

/// What has come from aside, unless the view that is there is the one that is wanted again.
bool MadeView::take() {
    auto come = work_.take();
    if (!come) return false;
    From made = std::exchange(asked_, {});  // a sample that went must not be held by it
    if (made.run != wanted_.run || wanted_ == from_) return false;
    // What has thrown gives an empty one: it is not tried for ever.
    view_ = *come ? *std::move(come) : std::make_shared<const SpaceView>();
    from_ = std::move(made);
    return true;
}

bool MadeView::update(AppState& state, const From& wanted) {
    wanted_ = wanted;
    rests_ = state.rests();
    const bool another = take();
    if (!working()) return another;
    const int64_t layer = wanted.options.layer;
    const auto trail = static_cast<size_t>(wanted.trail);
    if (!wanted.options.tokens || !has_many_points(*state.geometry, static_cast<size_t>(layer))) {
        view_ = std::make_shared<SpaceView>(space_view(state.archive.until(state.geometry),
                                                       state.places, trail, wanted.options,
                                                       wanted.values));
        from_ = wanted;
        return true;
    }
    state.keep_drawing(1);
    if (work_.working() || lacks_values(wanted.options.look, wanted.values)) return another;
    asked_ = wanted;
    work_.start(state.wake, [past = state.archive.until(state.geometry), places = state.places,
                             trail, options = wanted.options, values = wanted.values,
                             hidden = state.selection.hidden](const core::Progress&) {
        SpaceOptions own = options;
        own.hidden = &hidden;
        return std::make_shared<const SpaceView>(space_view(past, places, trail, own, values));
    });
    return another;
}

}  // namespace hopscope::app
