#include "app/panels/routing_space/paint.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace hopscope::app {
namespace {

using viz::QuantityKind;
using viz::Rgb;

constexpr float kTokenSize = 2.4f;
constexpr float kClassSize = 4.4f;  ///< of tokens by class: their glyphs must be seen
constexpr Rgb kNoTokenValue = {0.5f, 0.5f, 0.5f};

/// Area grows with the value, 1 being the ordinary one, within what can be told apart and does not
/// cover others.
float centroid_size(float times, int64_t experts) {
    const float many = static_cast<float>(std::max<int64_t>(experts, 1));
    const float unit = std::clamp(6.5f * std::pow(256.0f / many, 0.25f), 4.5f, 7.5f);
    return std::clamp(3.0f + unit * std::sqrt(std::max(times, 0.0f)), 4.0f, 20.0f);
}

SharedValues shared_values(const viz::Quantity* quantity, const core::GeometrySnapshot& snapshot,
                           size_t layer) {
    if (!quantity) return nullptr;
    return std::make_shared<viz::QuantityValues>(quantity->of(snapshot, layer));
}

}  // namespace

ClassMark class_mark(size_t i, bool dark) {
    using viz::Glyph;
    constexpr Glyph kGlyphs[] = {Glyph::disc, Glyph::square, Glyph::ring, Glyph::diamond};
    return {viz::series_color(i, dark), kGlyphs[i / viz::kSeriesColors % std::size(kGlyphs)]};
}

Rgb value_color(float share, Tone tone) {
    const float t = std::isfinite(share) ? std::clamp(share, 0.0f, 1.0f) : 0.0f;
    // What is like the ground would be lost on it: the end of each map that is, is left out.
    if (tone.map == viz::ColourMap::automatic)
        return viz::ramp_color(viz::Ramp::spectrum, tone.dark ? 0.28f + 0.72f * t : 0.68f * t);
    return viz::colours_of(tone.map, tone.dark).at(tone.dark ? 0.4f + 0.6f * t : 0.32f + 0.68f * t);
}

Rgb hop_color(int64_t hop, int64_t hops, Tone tone) {
    return value_color(hops > 1 ? static_cast<float>(hop) / static_cast<float>(hops - 1) : 0.5f,
                       tone);
}

LookValues values_of(const SpaceLook& look, const core::GeometrySnapshot& snapshot, size_t layer) {
    return {shared_values(look.color, snapshot, layer), shared_values(look.size, snapshot, layer),
            shared_values(look.alpha, snapshot, layer)};
}

SpacePaint::SpacePaint(const SpaceLook& look, const LookValues& values, const Ground& ground)
    : look_(look), values_(values), ground_(ground) {
    const float tens = std::log10(std::max(ground.tokens, 10.0f) / 10.0f);
    crowd_alpha_ = std::clamp(0.85f - 0.09f * tens, 0.35f, 0.8f);  // few must not vanish either
}

/// Of a value that there is.
ClassMark SpacePaint::mark_of(float value) const {
    const viz::QuantityValues& v = *values_.color;
    const auto whole = static_cast<int64_t>(std::max(value, 0.0f));
    switch (look_.color->kind()) {
        case QuantityKind::classes:
            return class_mark(static_cast<size_t>(whole), ground_.tone.dark);
        case QuantityKind::ordered:
            return {hop_color(whole, static_cast<int64_t>(v.categories.size()), ground_.tone)};
        case QuantityKind::experts:
            return {ground_.places.expert_color(ground_.layer, whole, ground_.tone.dark)};
        case QuantityKind::scalar:
            break;
    }
    return {value_color(v.share(value), ground_.tone)};
}

Rgb SpacePaint::expert_color(int64_t index) const {
    if (!look_.color) return ground_.places.expert_color(ground_.layer, index, ground_.tone.dark);
    const float value = values_.color ? values_.color->of({true, index, 0}) : core::kNaN;
    if (std::isfinite(value)) return mark_of(value).color;
    return ground_.tone.dark ? Rgb{0.62f, 0.66f, 0.71f} : Rgb{0.45f, 0.48f, 0.52f};
}

void SpacePaint::expert(viz::Point& point, int64_t index) const {
    const viz::PointItem item{true, index, 0};
    const auto value_in = [&](const SharedValues& v) { return v ? v->of(item) : core::kNaN; };
    const float alpha = value_in(values_.alpha);
    point.color =
        viz::packed(expert_color(index),
                    std::isfinite(alpha) ? 0.2f + 0.8f * values_.alpha->share(alpha) : 1.0f);
    point.outline = ground_.background;
    float times = look_.size ? 0.0f : 1.0f;
    if (const float value = value_in(values_.size); std::isfinite(value))
        times = look_.size == viz::find_quantity("load") ? value : 4 * values_.size->share(value);
    else if (values_.size && values_.size->experts.empty())
        times = 1;  // it speaks of tokens alone
    point.size = centroid_size(times, ground_.experts) * ground_.scale;
}

void SpacePaint::token(viz::Point& point, const viz::PointItem& item, const float* place) const {
    const auto value_in = [&](const SharedValues& v) { return v ? v->of(item) : core::kNaN; };
    ClassMark mark = {kNoTokenValue};
    if (!look_.color)
        mark.color = viz::place_color(place[0], place[1], place[2], ground_.tone.dark);
    else if (const float value = value_in(values_.color); std::isfinite(value))
        mark = mark_of(value);
    float alpha = crowd_alpha_;
    if (const float value = value_in(values_.alpha); std::isfinite(value))
        alpha = 0.08f + 0.87f * values_.alpha->share(value);
    const bool glyphs = look_.color && look_.color->kind() == QuantityKind::classes;
    float size = glyphs ? kClassSize : kTokenSize;
    if (const float value = value_in(values_.size); std::isfinite(value))
        size *= 0.7f + 1.8f * std::sqrt(values_.size->share(value));
    point.size = size * ground_.scale;
    point.color = viz::packed(mark.color, alpha);
    point.glyph = mark.glyph;
}

}  // namespace hopscope::app
