// Colours that carry data, against properties that make them readable.
#include "viz/colour.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::viz {
namespace {

float decode(float v) {
    return v <= 0.04045f ? v / 12.92f : std::pow((v + 0.055f) / 1.055f, 2.4f);
}

/// The way back, by which the colours are measured here.
OkLab to_oklab(Rgb c) {
    const float r = decode(c.r), g = decode(c.g), b = decode(c.b);
    const float l = std::cbrt(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
    const float m = std::cbrt(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
    const float s = std::cbrt(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);
    return {0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
            1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
            0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s};
}

// White, grey and primaries have known places in OKLab; a wrong matrix shifts every colour.
TEST(Colour, OklabOfKnownColours) {
    EXPECT_NEAR(to_oklab({1, 1, 1}).l, 1.0, 1e-4);
    EXPECT_NEAR(to_oklab({1, 1, 1}).a, 0.0, 1e-4);
    const OkLab red = to_oklab({1, 0, 0});
    EXPECT_NEAR(red.l, 0.628, 1e-3);
    EXPECT_NEAR(red.a, 0.225, 1e-3);
    EXPECT_NEAR(red.b, 0.126, 1e-3);
    const OkLab blue = to_oklab({0, 0, 1});
    EXPECT_NEAR(blue.l, 0.452, 1e-3);
    EXPECT_NEAR(blue.b, -0.312, 1e-3);
}

// Converting there and back must return the colour.
TEST(Colour, RoundTrip) {
    for (const Rgb c : {Rgb{0.2f, 0.6f, 0.9f}, Rgb{0.9f, 0.1f, 0.5f}, Rgb{0.5f, 0.5f, 0.5f}}) {
        const Rgb back = to_rgb(to_oklab(c));
        EXPECT_NEAR(back.r, c.r, 2e-3);
        EXPECT_NEAR(back.g, c.g, 2e-3);
        EXPECT_NEAR(back.b, c.b, 2e-3);
    }
}

// Clipping channel by channel would change lightness and hue; chroma alone may fall.
TEST(Colour, ClippingKeepsLightnessAndHue) {
    const OkLab wanted = {0.6f, 0.3f, 0.3f};
    const OkLab got = to_oklab(to_rgb(wanted));
    EXPECT_NEAR(got.l, wanted.l, 0.01);
    EXPECT_NEAR(std::atan2(got.b, got.a), std::atan2(wanted.b, wanted.a), 0.03);
    EXPECT_LT(std::hypot(got.a, got.b), 0.3f * std::sqrt(2.0f));
}

// The lightness of places must stay where text and outlines remain readable on both themes.
TEST(Colour, PlacesKeepTheirLightness) {
    for (float angle = 0; angle < 6.3f; angle += 0.2f) {
        const Rgb c = place_color(std::cos(angle), std::sin(angle), 0, true);
        EXPECT_NEAR(to_oklab(c).l, 0.72, 0.01);
        EXPECT_NEAR(to_oklab(place_color(std::cos(angle), std::sin(angle), 0, false)).l, 0.58,
                    0.01);
    }
    EXPECT_NEAR(to_oklab(place_color(0, 0, 1, true)).l, 0.80, 0.005);
    EXPECT_EQ(place_color(3, 0, 0, true), place_color(1, 0, 0, true));
    EXPECT_EQ(place_color(std::numeric_limits<float>::quiet_NaN(), 0, 0, true),
              (Rgb{0.5f, 0.5f, 0.5f}));
}

// A map whose lightness does not rise evenly invents borders in a heatmap.
TEST(Colour, RampsAreMonotonicInLightness) {
    for (const Ramp ramp : {Ramp::spectrum, Ramp::cividis, Ramp::grey}) {
        const float sign = ramp == Ramp::grey ? -1.0f : 1.0f;
        float last = to_oklab(ramp_color(ramp, 0)).l;
        const float step = (to_oklab(ramp_color(ramp, 1)).l - last) / 50;
        EXPECT_GT(sign * step, 0);
        for (int i = 1; i <= 50; ++i) {
            const float l = to_oklab(ramp_color(ramp, static_cast<float>(i) / 50)).l;
            EXPECT_NEAR(l - last, step, 0.006) << i;
            last = l;
        }
    }
    // Those of others rise everywhere, if not evenly.
    for (const Ramp ramp : {Ramp::viridis, Ramp::magma}) {
        float last = to_oklab(ramp_color(ramp, 0)).l;
        const float step = (to_oklab(ramp_color(ramp, 1)).l - last) / 50;
        for (int i = 1; i <= 50; ++i) {
            const float l = to_oklab(ramp_color(ramp, static_cast<float>(i) / 50)).l;
            EXPECT_GT(l - last, 0.5f * step) << i;
            last = l;
        }
    }
    EXPECT_EQ(ramp_color(Ramp::spectrum, -4), ramp_color(Ramp::spectrum, 0));
    EXPECT_EQ(ramp_color(Ramp::spectrum, std::numeric_limits<float>::quiet_NaN()),
              (Rgb{0.5f, 0.5f, 0.5f}));
}

// Wrong if a map were another than its name says, its ends were exchanged, or much were lost in the
// ground.
TEST(Colour, MapsThatAPersonChooses) {
    const auto near = [](Rgb c, unsigned hex) {
        EXPECT_NEAR(c.r, static_cast<float>(hex >> 16 & 255) / 255, 0.03);
        EXPECT_NEAR(c.g, static_cast<float>(hex >> 8 & 255) / 255, 0.03);
        EXPECT_NEAR(c.b, static_cast<float>(hex & 255) / 255, 0.03);
    };
    const ValueColours viridis = colours_of(ColourMap::viridis, true);
    near(viridis.at(0), 0x440154);
    near(viridis.at(0.5f), 0x21908d);
    near(viridis.at(1), 0xfde725);
    near(colours_of(ColourMap::magma, true).at(0.5f), 0xb63679);
    EXPECT_EQ(colours_of(ColourMap::automatic, true), ValueColours(Ramp::spectrum));
    EXPECT_EQ(colours_of(ColourMap::automatic, false), ValueColours(Ramp::grey));
    for (const ColourMap map : kColourMaps)
        for (const bool dark : {true, false}) {
            const ValueColours colours = colours_of(map, dark);
            const float much = to_oklab(colours.at(1)).l, little = to_oklab(colours.at(0)).l;
            EXPECT_GT(dark ? much - little : little - much, 0.5) << name_of(map) << dark;
        }
    EXPECT_EQ(std::string(name_of(ColourMap::grey)), "grey");
}

// The byte order is that of vertex colours; a swap turns amber into blue.
TEST(Colour, PackedByteOrder) {
    EXPECT_EQ(packed({1, 0, 0}), 0xff0000ffu);
    EXPECT_EQ(packed({0, 0, 1}, 0.5f), 0x80ff0000u);
    EXPECT_EQ(packed({2, -1, 0}, 9), 0xff0000ffu);
}

/// As seen without one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1), on linear
/// light.
Rgb seen_by_two(Rgb c, const float (&m)[9]) {
    const auto linear = [](float v) {
        return v <= 0.04045f ? v / 12.92f : std::pow((v + 0.055f) / 1.055f, 2.4f);
    };
    const auto encoded = [](float v) {
        v = std::clamp(v, 0.0f, 1.0f);
        return v <= 0.0031308f ? 12.92f * v : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f;
    };
    const float r = linear(c.r), g = linear(c.g), b = linear(c.b);
    return {encoded(m[0] * r + m[1] * g + m[2] * b), encoded(m[3] * r + m[4] * g + m[5] * b),
            encoded(m[6] * r + m[7] * g + m[8] * b)};
}

// Wrong if two of twelve lines could not be told apart, by people with three kinds of cones or two,
// or a line were lost on its background.
TEST(Colour, TwelveLinesAreDistinct) {
    constexpr float kProtan[9] = {0.152286f, 1.052583f,  -0.204868f, 0.114503f, 0.786281f,
                                  0.099216f, -0.003882f, -0.048116f, 1.051998f};
    constexpr float kDeutan[9] = {0.367322f, 0.860646f,  -0.227968f, 0.280085f, 0.672501f,
                                  0.047413f, -0.011820f, 0.042940f,  0.968881f};
    const auto distance = [](Rgb a, Rgb b) {
        const OkLab x = to_oklab(a), y = to_oklab(b);
        return std::hypot(x.l - y.l, x.a - y.a, x.b - y.b);
    };
    const auto light = [](Rgb c) {
        const auto linear = [](float v) {
            return v <= 0.04045f ? v / 12.92f : std::pow((v + 0.055f) / 1.055f, 2.4f);
        };
        return 0.2126f * linear(c.r) + 0.7152f * linear(c.g) + 0.0722f * linear(c.b);
    };
    for (const bool dark : {true, false}) {
        const float panel =
            dark ? light({0.078f, 0.098f, 0.122f}) : light({0.992f, 0.988f, 0.980f});
        for (size_t i = 0; i < kSeriesColors; ++i) {
            const Rgb a = series_color(i, dark);
            const float l = light(a);
            EXPECT_GE((std::max(l, panel) + 0.05f) / (std::min(l, panel) + 0.05f), 2.95f)
                << i << dark;
            for (size_t j = i + 1; j < kSeriesColors; ++j) {
                const Rgb b = series_color(j, dark);
                EXPECT_GT(distance(a, b), 0.12f) << i << " " << j << dark;
                for (const auto* m : {&kProtan, &kDeutan})
                    EXPECT_GT(distance(seen_by_two(a, *m), seen_by_two(b, *m)), 0.07f)
                        << i << " " << j << dark;
            }
        }
        EXPECT_EQ(series_color(kSeriesColors, dark), series_color(0, dark));
    }
}

}  // namespace
}  // namespace hopscope::viz
