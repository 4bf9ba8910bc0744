// The view of the routing-space panel: what lies where, trails, paths and neighbours.
#include "app/panels/routing_space/view.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "app/panels/routing_space/csv.h"
#include "app/panels/routing_space/neighbours.h"
#include "app/panels/routing_space/paths.h"
#include "core/api/base.h"
#include "viz/nearest_two.h"

namespace hopscope::app {
namespace {

constexpr int64_t kExperts = 30, kDim = 8, kHops = 2, kTokens = 50, kTopK = 2;

void unit_rows(std::vector<float>& rows, int64_t count, std::mt19937& random) {
    std::normal_distribution<float> normal;
    for (int64_t i = 0; i < count; ++i) {
        float norm = 0;
        const size_t begin = rows.size();
        for (int64_t j = 0; j < kDim; ++j) {
            rows.push_back(normal(random) * (j == 0 ? 3.0f : 1.0f));
            norm += rows.back() * rows.back();
        }
        for (size_t j = begin; j < rows.size(); ++j) rows[j] /= std::sqrt(norm);
    }
}

core::GeometrySnapshot snapshot(int64_t step, unsigned seed = 1) {
    std::mt19937 random(seed);
    core::GeometrySnapshot s;
    s.version = static_cast<uint64_t>(step) + 1;
    s.step = step;
    core::LayerGeometry g;
    g.experts = kExperts;
    g.d_space = kDim;
    g.hops = kHops;
    g.top_k = kTopK;
    unit_rows(g.centroids, kExperts, random);
    unit_rows(g.positions, kHops * kTokens, random);
    for (int64_t i = 0; i < kHops * kTokens * kTopK; ++i) {
        g.choices.push_back(static_cast<int32_t>(i % kExperts));
        g.weights.push_back(0.5f);
    }
    g.load.assign(kExperts, 1.0f / kExperts);
    g.load[4] = 4.0f / kExperts;
    s.layers = {g};
    for (int64_t t = 0; t < kTokens; ++t) {
        s.pieces.push_back("t" + std::to_string(t));
        s.classes.push_back(t % 5 == 0 ? "number" : t % 5 == 1 ? "" : "noun");
        s.next_loss.push_back(static_cast<float>(t) / 4);
        for (int64_t h = 0; h < kHops; ++h)
            s.layers[0].entropy.push_back(static_cast<float>(s.layers[0].entropy.size()) / 8);
    }
    return s;
}

Snapshot shared(const core::GeometrySnapshot& s) {
    return std::make_shared<core::GeometrySnapshot>(s);
}

viz::Places places_of(const core::GeometrySnapshot& s) {
    viz::Places places;
    while (places.update(s, {}, 0)) {
    }
    return places;
}

// Wrong if a point were not written, or with another place, load or class than it is drawn with.
TEST(RoutingSpace, EveryPointIsWritten) {
    const auto s = snapshot(10);
    const auto view = space_view({shared(s)}, places_of(s), 0, {});
    const std::string text = csv_of(view, s);
    EXPECT_EQ(text.find("# layer 0, step 10; x: "), 0u) << text.substr(0, 200);
    EXPECT_NE(
        text.find(
            "% of the variance\nkind,index,hop,x,y,z,load_share,piece,class,entropy,next_loss\n"),
        std::string::npos);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 + kExperts + kHops * kTokens);
    for (size_t i = 0; i < view.items.size(); ++i) {
        const SpaceItem& item = view.items[i];
        const std::string place =
            core::csv_number(view.points[i].x) + "," + core::csv_number(view.points[i].y) + ",,";
        const std::string index = std::to_string(item.index);
        const auto token = static_cast<size_t>(item.index);
        const std::string line =
            item.expert
                ? "\nexpert," + index + ",," + place + core::csv_number(s.layers[0].load[token]) +
                      ",,,,\n"
                : "\ntoken," + index + "," + std::to_string(item.hop) + "," + place + "," +
                      s.pieces[token] + "," + s.classes[token] + "," +
                      core::csv_number(
                          s.layers[0].entropy[static_cast<size_t>(item.hop * kTokens) + token]) +
                      "," + core::csv_number(s.next_loss[token]) + "\n";
        EXPECT_NE(text.find(line), std::string::npos) << line;
    }
    EXPECT_EQ(csv_of({}, s), "");
}

// A point that stands for another item than the tooltip says misleads the reader.
TEST(RoutingSpace, ItemsMatchPoints) {
    const auto s = snapshot(10);
    const auto places = places_of(s);
    const auto p = space_view({shared(s)}, places, 0, {});
    ASSERT_EQ(p.points.size(), static_cast<size_t>(kExperts + kHops * kTokens));
    ASSERT_EQ(p.items.size(), p.points.size());
    const auto positions = viz::project(places.layer(0).basis, s.layers[0].positions);
    for (size_t i = 0; i < p.items.size(); ++i) {
        const SpaceItem& item = p.items[i];
        const float* at =
            item.expert ? &p.coords[static_cast<size_t>(item.index * 3)]
                        : &positions[static_cast<size_t>((item.hop * kTokens + item.index) * 3)];
        EXPECT_EQ(p.points[i].x, at[0]);
        EXPECT_EQ(p.points[i].y, at[1]);
    }
    EXPECT_TRUE(p.items.back().expert) << "centroids must lie in front of tokens";
    // All positions are unit vectors: they lie in the circle that is drawn.
    for (const auto& point : p.points)
        EXPECT_LE(std::hypot(point.x - p.origin.x, point.y - p.origin.y), 1.0f + 1e-4f);
}

// One hop must show that hop's positions only; a hidden class must vanish.
TEST(RoutingSpace, FiltersShowWhatTheySay) {
    const auto s = snapshot(10);
    const auto places = places_of(s);
    SpaceOptions o;
    o.hop = 1;
    auto p = space_view({shared(s)}, places, 0, o);
    EXPECT_EQ(p.points.size(), static_cast<size_t>(kExperts + kTokens));
    EXPECT_EQ(p.items[0].hop, 1);
    o.look.color = viz::find_quantity("class");
    p = space_view({shared(s)}, places, 0, o);
    EXPECT_EQ(p.values.color->categories, (std::vector<std::string>{"noun", "number"}));
    o.hidden_classes = {"noun"};
    EXPECT_EQ(space_view({shared(s)}, places, 0, o).points.size(),
              static_cast<size_t>(kExperts + kTokens - 30));
    o.tokens = false;
    EXPECT_EQ(space_view({shared(s)}, places, 0, o).points.size(), static_cast<size_t>(kExperts));
}

// Wrong if two classes that the legend names looked alike, or a point unlike its entry there.
TEST(RoutingSpace, ClassesAreToldApart) {
    for (const bool dark : {true, false})
        for (size_t i = 0; i < 48; ++i)
            for (size_t j = 0; j < i; ++j)
                EXPECT_NE(class_mark(i, dark), class_mark(j, dark)) << i << " " << j;
    auto s = snapshot(10);
    for (size_t t = 0; t < s.classes.size(); ++t) s.classes[t] = "c" + std::to_string(t % 16);
    SpaceOptions o;
    o.look.color = viz::find_quantity("class");
    const auto p = space_view({shared(s)}, places_of(s), 0, o);
    const auto& classes = p.values.color->categories;
    ASSERT_EQ(classes.size(), 16u);
    for (size_t i = 0; i < p.points.size(); ++i) {
        if (p.items[i].expert) continue;
        const std::string& name = s.classes[static_cast<size_t>(p.items[i].index)];
        const auto at = std::find(classes.begin(), classes.end(), name) - classes.begin();
        const ClassMark mark = class_mark(static_cast<size_t>(at), o.dark);
        EXPECT_EQ(p.points[i].glyph, mark.glyph);
        EXPECT_EQ(p.points[i].color & 0xFFFFFFu, viz::packed(mark.color) & 0xFFFFFFu);
        EXPECT_GE(p.points[i].size, 4) << "a glyph of less is a dot";
    }
}

float luminance(float r, float g, float b) {
    const auto linear = [](float v) {
        return v <= 0.04045f ? v / 12.92f : std::pow((v + 0.055f) / 1.055f, 2.4f);
    };
    return 0.2126f * linear(r) + 0.7152f * linear(g) + 0.0722f * linear(b);
}

float contrast_between(float a, float b) {
    return (std::max(a, b) + 0.05f) / (std::min(a, b) + 0.05f);
}

// Wrong if some load or hop had the colour of the ground, or two hops of a layer one colour.
TEST(RoutingSpace, LoadsAndHopsAreSeenOnBothGrounds) {
    std::vector<Tone> tones;
    for (const viz::ColourMap map : viz::kColourMaps)
        for (const bool dark : {true, false}) tones.push_back({dark, map});
    for (const Tone tone : tones) {
        const float ground =
            tone.dark ? luminance(0.078f, 0.098f, 0.122f) : luminance(0.99f, 0.99f, 0.98f);
        for (float share = 0; share <= 1; share += 0.05f) {
            const viz::Rgb c = value_color(share, tone);
            EXPECT_GT(contrast_between(luminance(c.r, c.g, c.b), ground), 1.9f)
                << share << tone.dark << viz::name_of(tone.map);
        }
        for (int64_t h = 1; h < 6; ++h) EXPECT_NE(hop_color(h, 6, tone), hop_color(h - 1, 6, tone));
        EXPECT_EQ(value_color(std::numeric_limits<float>::quiet_NaN(), tone), value_color(0, tone));
    }
}

// Wrong if a tail were lost on the ground of its theme, or did not fade towards its far end.
TEST(RoutingSpace, TailsAreSeenOnBothGrounds) {
    Past past;
    for (int64_t step = 0; step <= 40; step += 10) past.push_back(shared(snapshot(step, 7)));
    const auto places = places_of(*past.back());
    for (const bool dark : {true, false}) {
        const float ground = dark ? 0.1f : 0.99f;
        const auto contrast = [&](uint32_t color) {
            const float alpha = static_cast<float>(color >> 24) / 255;
            const auto channel = [&](int shift) {
                return ground + alpha * (static_cast<float>(color >> shift & 255) / 255 - ground);
            };
            return contrast_between(luminance(channel(0), channel(8), channel(16)),
                                    luminance(ground, ground, ground));
        };
        SpaceOptions o;
        o.dark = dark;
        const auto lines = space_view(past, places, 4, o).lines;
        ASSERT_GT(lines.size(), static_cast<size_t>(4 * kExperts));
        const auto& oldest = lines[lines.size() - 4 * kExperts];
        EXPECT_GT(contrast(lines.back().color1), 2.5f) << dark;
        EXPECT_GT(contrast(oldest.color0), 1.25f) << dark;
        EXPECT_LT(contrast(oldest.color0), contrast(lines.back().color1)) << dark;
    }
}

// The size of a centroid is its load; equal sizes would hide a collapse.
TEST(RoutingSpace, SizeFollowsLoad) {
    const auto s = snapshot(10);
    const auto p = space_view({shared(s)}, places_of(s), 0, {});
    const size_t first = p.points.size() - kExperts;
    EXPECT_GT(p.points[first + 4].size, 1.4f * p.points[first].size);
    EXPECT_EQ(p.points[first].size, p.points[first + 1].size);
    EXPECT_NEAR(p.values.size->high, 4.0f, 1e-5f);
}

// Wrong if a quantity were drawn as another, or a point without a value looked as if it had one.
TEST(RoutingSpace, LookFollowsItsQuantities) {
    const auto s = snapshot(10);
    const auto places = places_of(s);
    SpaceOptions o;
    o.look.color = viz::find_quantity("margin");
    o.look.size = viz::find_quantity("distance");
    o.look.alpha = viz::find_quantity("margin");
    const auto p = space_view({shared(s)}, places, 0, o);
    const auto alpha = [&](size_t i) { return p.points[i].color >> 24; };
    size_t least = 0, most = 0;
    const auto margin = [&](size_t i) { return p.values.color->of(p.items[i]); };
    for (size_t i = 0; i < kHops * kTokens; ++i) {
        ASSERT_FALSE(p.items[i].expert);
        const viz::Rgb c = value_color(p.values.color->share(margin(i)), {o.dark});
        EXPECT_EQ(p.points[i].color & 0xFFFFFFu, viz::packed(c) & 0xFFFFFFu);
        if (margin(i) < margin(least)) least = i;
        if (margin(i) > margin(most)) most = i;
    }
    EXPECT_LT(alpha(least), alpha(most));
    const auto distance = [&](size_t i) { return p.values.size->of(p.items[i]); };
    EXPECT_EQ(p.points[0].size < p.points[1].size, distance(0) < distance(1));
    const auto& centroid = p.points.back();
    EXPECT_EQ(centroid.color >> 24, 255u) << "a centroid has no margin";
    EXPECT_EQ(centroid.size, p.points[p.points.size() - 2].size);
}

// Wrong if the numbers at the axes were those of other axes than the picture's.
TEST(RoutingSpace, OtherAxesShowTheirOwnVariance) {
    const auto s = snapshot(10);
    const auto places = places_of(s);
    SpaceOptions o;
    const auto principal = space_view({shared(s)}, places, 0, o);
    o.axes = {viz::AxesKind::centroids, 4, 7};
    const auto p = space_view({shared(s)}, places, 0, o);
    EXPECT_EQ(p.variance, viz::variance_along(p.basis, s.layers[0]));
    EXPECT_LT(p.variance[0] + p.variance[1], principal.variance[0] + principal.variance[1]);
    EXPECT_NEAR(p.centroid(4).x, 1, 1e-5);
    EXPECT_NEAR(p.origin.x, 0, 1e-6);
    EXPECT_EQ(p.axis_names[1], "E7");
    for (size_t i = 0; i < p.points.size(); ++i)
        EXPECT_EQ(p.points[i].color, principal.points[i].color) << "colour is place, whatever axes";
    o.axes.second = 4;
    EXPECT_TRUE(space_view({shared(s)}, places, 0, o).empty());
}

// Trails must reach back as far as asked and end at the present centroid.
TEST(RoutingSpace, TrailsEndAtTheCentroids) {
    Past past;
    for (int64_t step = 0; step <= 40; step += 10) past.push_back(shared(snapshot(step, 7)));
    const auto places = places_of(*past.back());
    const auto without = space_view(past, places, 0, {});
    const auto with = space_view(past, places, 3, {});
    EXPECT_EQ(with.lines.size() - without.lines.size(), static_cast<size_t>(3 * kExperts));
    EXPECT_EQ(without.tail_from, -1);
    EXPECT_EQ(with.tail_from, 10);
    EXPECT_EQ(space_view(past, places, 99, {}).tail_from, 0);
    const auto& last = with.lines.back();
    EXPECT_NEAR(last.x1, with.coords[static_cast<size_t>(3 * (kExperts - 1))], 1e-5f);
}

// A tail is of its centroid's colour and gets clearer towards it, piece by piece, without a jump;
// a centroid that is hidden has none.
TEST(RoutingSpace, TailsBelongToTheirCentroids) {
    Past past;
    for (int64_t step = 0; step <= 40; step += 10) past.push_back(shared(snapshot(step, 7)));
    const auto places = places_of(*past.back());
    const SpaceView p = space_view(past, places, 4, {});
    const size_t first = p.lines.size() - 4 * kExperts;
    const auto opacity = [](uint32_t color) { return color >> 24; };
    const auto hue = [](uint32_t color) { return color & 0xFFFFFFu; };
    for (size_t e = 0; e < kExperts; ++e)
        for (size_t k = 0; k < 4; ++k) {
            const auto& line = p.lines[first + k * kExperts + e];
            EXPECT_LT(opacity(line.color0), opacity(line.color1)) << k;
            EXPECT_EQ(hue(line.color0), hue(p.points[p.points.size() - kExperts + e].color)) << e;
            EXPECT_EQ(hue(line.color1), hue(line.color0)) << e;
            if (k > 0) {
                EXPECT_EQ(line.color0, p.lines[first + (k - 1) * kExperts + e].color1) << k;
            }
        }
    const Chosen hidden{{2}, {}};
    SpaceOptions o;
    o.hidden = &hidden;
    EXPECT_EQ(space_view(past, places, 4, o).lines.size(), p.lines.size() - 4);
}

// Layers without space, layers out of range and broken sizes give an empty picture.
TEST(RoutingSpace, OddSnapshots) {
    auto s = snapshot(10);
    const auto places = places_of(s);
    SpaceOptions o;
    o.layer = 3;
    EXPECT_TRUE(space_view({shared(s)}, places, 5, o).empty());
    o.layer = 0;
    EXPECT_TRUE(space_view({shared(s)}, viz::Places(), 5, o).empty());
    s.layers[0].centroids.pop_back();
    EXPECT_TRUE(space_view({shared(s)}, places, 5, o).empty());
    s = snapshot(10);
    s.layers[0].positions.assign(s.layers[0].positions.size(),
                                 std::numeric_limits<float>::quiet_NaN());
    const auto p = space_view({shared(s)}, places, 0, {});
    EXPECT_TRUE(std::isfinite(p.low.x) && std::isfinite(p.high.y));
    s.layers[0].load.clear();
    s.classes.clear();
    s.pieces.clear();
    EXPECT_FALSE(space_view({shared(s)}, places, 0, {}).empty());
}

// The numbers on a path are hops; a hop not executed must be left out, not moved.
TEST(RoutingSpace, PathsSkipHaltedHops) {
    const auto s = snapshot(10);
    const auto places = places_of(s);
    const auto& basis = places.layer(0).basis;
    core::TraceResult trace;
    trace.tokens.resize(2);
    trace.tokens[1].piece = "bank";
    trace.layers.resize(1);
    for (int h = 0; h < 3; ++h) {
        core::TraceHop hop;
        hop.d_space = kDim;
        hop.executed = {1, static_cast<uint8_t>(h != 1)};
        hop.position.assign(s.layers[0].positions.begin() + h * 2 * kDim,
                            s.layers[0].positions.begin() + (h + 1) * 2 * kDim);
        trace.layers[0].hops.push_back(hop);
    }
    const auto path = prompt_path(trace, 1, 0, basis);
    EXPECT_EQ(path.hops, (std::vector<int64_t>{0, 2}));
    EXPECT_EQ(path.label, "bank");
    EXPECT_EQ(prompt_path(trace, 0, 0, basis).hops.size(), 3u);
    EXPECT_TRUE(prompt_path(trace, 5, 0, basis).at.empty());
    EXPECT_TRUE(prompt_path(trace, 0, 9, basis).at.empty());
    EXPECT_TRUE(prompt_path(trace, 0, 0, viz::Basis{}).at.empty());
    const auto probe = probe_path(s, 7, 0, basis);
    EXPECT_EQ(probe.hops.size(), static_cast<size_t>(kHops));
    EXPECT_EQ(probe.label, "t7");
    EXPECT_TRUE(probe_path(s, kTokens, 0, basis).at.empty());
}

// Neighbours are ordered by cosine, not by distance of unnormalised rows.
TEST(RoutingSpace, NearestByCosine) {
    core::LayerGeometry g;
    g.experts = 4;
    g.d_space = 2;
    g.centroids = {1, 0, 10, 10, 0, 1, -1, 0};
    const auto near = nearest_experts(g, std::vector<float>{2, 0.1f}, 3);
    ASSERT_EQ(near.size(), 3u);
    EXPECT_EQ(near[0].expert, 0);
    EXPECT_EQ(near[1].expert, 1);
    EXPECT_NEAR(near[1].cosine, 2.1 / (std::sqrt(2.0) * std::sqrt(4.01)), 1e-5);
    EXPECT_EQ(nearest_experts(g, std::vector<float>{1, 0}, 9, 0).size(), 3u);
    EXPECT_TRUE(nearest_experts(g, std::vector<float>{0, 0}, 3).empty());
    EXPECT_TRUE(nearest_experts(g, std::vector<float>{1}, 3).empty());
    g.choices = {1, 2, 1, 1};
    EXPECT_EQ(choices_of(g, 1), 3);
}

// Wrong if cosine and distance were mixed up, a token had neighbours of another hop, or the point
// itself stood in its list.
TEST(RoutingSpace, NeighboursByCosineAndByDistance) {
    core::LayerGeometry g;
    g.experts = 3;
    g.d_space = 2;
    g.hops = 2;
    g.centroids = {1, 0, 9, 1, 0.4f, 0.6f};
    g.positions = {1, 0, 0, 1, 0.8f, 0.6f, 0.6f, 0.8f};
    const viz::PointItem first{true, 0, 0};
    const auto by_cosine = nearest_points(g, first, true, Nearness::cosine, 5);
    const auto by_distance = nearest_points(g, first, true, Nearness::distance, 5);
    ASSERT_EQ(by_cosine.size(), 2u);
    EXPECT_EQ(by_cosine[0].item.index, 1);
    EXPECT_EQ(by_distance[0].item.index, 2);
    EXPECT_NEAR(by_distance[0].distance, std::hypot(0.6, 0.6), 1e-6);
    const auto tokens = nearest_points(g, {false, 1, 1}, false, Nearness::cosine, 5);
    ASSERT_EQ(tokens.size(), 1u);
    EXPECT_EQ(tokens[0].item, (viz::PointItem{false, 0, 1}));
    EXPECT_NEAR(tokens[0].cosine, 0.96, 1e-6);
    EXPECT_TRUE(nearest_points(g, {true, 3, 0}, true, Nearness::cosine, 5).empty());
    EXPECT_TRUE(nearest_points(g, {false, 0, 2}, true, Nearness::cosine, 5).empty());
}

// Wrong if the margin beside a token were another than the one that points are coloured by.
TEST(RoutingSpace, TheMarginOfATokenIsTheQuantitys) {
    const auto s = snapshot(10);
    const core::LayerGeometry& g = s.layers[0];
    const viz::NearestTwo all = viz::nearest_two(g);
    ASSERT_EQ(all.expert.size(), static_cast<size_t>(kHops * kTokens));
    for (int64_t hop = 0; hop < kHops; ++hop)
        for (int64_t token = 0; token < kTokens; ++token) {
            const auto i = static_cast<size_t>(hop * kTokens + token);
            const auto near = nearest_experts(g, position_of(g, {false, token, hop}), 2);
            ASSERT_EQ(near.size(), 2u);
            EXPECT_EQ(near[0].expert, all.expert[i]);
            EXPECT_NEAR(margin_of(near), all.first[i] - all.second[i], 1e-5);
        }
    EXPECT_TRUE(std::isnan(margin_of({})));
}

// Wrong if something hidden were drawn or could be hit.
TEST(RoutingSpace, HiddenPointsAreNotThere) {
    const auto s = snapshot(10);
    const auto places = places_of(s);
    const Chosen hidden{{0, 4}, {1, 2, 3}};
    SpaceOptions o;
    o.hidden = &hidden;
    const auto p = space_view({shared(s)}, places, 0, o);
    EXPECT_EQ(p.points.size(), static_cast<size_t>(kExperts - 2 + kHops * (kTokens - 3)));
    for (const SpaceItem& item : p.items)
        EXPECT_FALSE((item.expert ? hidden.experts : hidden.tokens).contains(item.index));
    EXPECT_EQ(p.sizes[4], 0);
    EXPECT_GT(p.sizes[5], 0);
    EXPECT_EQ(p.coords.size(), static_cast<size_t>(3 * kExperts));
}

}  // namespace
}  // namespace hopscope::app
