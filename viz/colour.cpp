#include "viz/colour.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace hopscope::viz {
namespace {

struct Linear {
    float r, g, b;
};

float encode(float v) {
    return v <= 0.0031308f ? 12.92f * v : 1.055f * std::pow(v, 1.0f / 2.4f) - 0.055f;
}

Linear to_linear(OkLab c) {
    const float l = c.l + 0.3963377774f * c.a + 0.2158037573f * c.b;
    const float m = c.l - 0.1055613458f * c.a - 0.0638541728f * c.b;
    const float s = c.l - 0.0894841775f * c.a - 1.2914855480f * c.b;
    const float l3 = l * l * l, m3 = m * m * m, s3 = s * s * s;
    return {4.0767416621f * l3 - 3.3077115913f * m3 + 0.2309699292f * s3,
            -1.2684380046f * l3 + 2.6097574011f * m3 - 0.3413193965f * s3,
            -0.0041960863f * l3 - 0.7034186147f * m3 + 1.7076147010f * s3};
}

bool shown(Linear c) {
    constexpr float kSlack = 1e-4f;
    const auto inside = [](float v) { return v >= -kSlack && v <= 1 + kSlack; };
    return inside(c.r) && inside(c.g) && inside(c.b);
}

Rgb of_hex(unsigned hex) {
    return {static_cast<float>(hex >> 16 & 255) / 255.0f,
            static_cast<float>(hex >> 8 & 255) / 255.0f, static_cast<float>(hex & 255) / 255.0f};
}

constexpr Rgb kNeutral = {0.5f, 0.5f, 0.5f};

OkLab polar(float lightness, float chroma, float degrees) {
    const float angle = degrees * std::numbers::pi_v<float> / 180.0f;
    return {lightness, chroma * std::cos(angle), chroma * std::sin(angle)};
}

// Ten equally spaced colours of each, in OKLab, of the maps that S. van der Walt and N. Smith made
// for matplotlib 1.5 (2015), CC0. Between them lies a straight line.
constexpr OkLab kViridis[] = {{0.2850f, 0.1017f, -0.0912f},  {0.3634f, 0.0612f, -0.1151f},
                              {0.4292f, 0.0070f, -0.1059f},  {0.4973f, -0.0403f, -0.0739f},
                              {0.5595f, -0.0750f, -0.0394f}, {0.6290f, -0.1089f, 0.0035f},
                              {0.6943f, -0.1340f, 0.0546f},  {0.7668f, -0.1384f, 0.1161f},
                              {0.8418f, -0.1047f, 0.1637f},  {0.9177f, -0.0390f, 0.1817f}};
constexpr OkLab kMagma[] = {{0.0482f, -0.0035f, -0.0332f}, {0.2141f, 0.0230f, -0.0804f},
                            {0.3268f, 0.0799f, -0.1350f},  {0.4162f, 0.1289f, -0.1044f},
                            {0.4991f, 0.1604f, -0.0552f},  {0.5864f, 0.1802f, 0.0106f},
                            {0.6745f, 0.1637f, 0.0741f},   {0.7718f, 0.0990f, 0.0966f},
                            {0.8714f, 0.0326f, 0.0918f},   {0.9785f, -0.0251f, 0.0749f}};

/// @param t 0 … 1
OkLab between(std::span<const OkLab> points, float t) {
    const float at = t * static_cast<float>(points.size() - 1);
    const auto i = std::min(static_cast<size_t>(at), points.size() - 2);
    const float part = at - static_cast<float>(i);
    const OkLab &a = points[i], &b = points[i + 1];
    return {std::lerp(a.l, b.l, part), std::lerp(a.a, b.a, part), std::lerp(a.b, b.b, part)};
}

}  // namespace

uint32_t packed(Rgb color, float alpha) {
    const auto byte = [](float v) {
        return static_cast<uint32_t>(std::lround(std::clamp(v, 0.0f, 1.0f) * 255.0f));
    };
    return byte(color.r) | byte(color.g) << 8 | byte(color.b) << 16 | byte(alpha) << 24;
}

Rgb to_rgb(OkLab color) {
    color.l = std::clamp(color.l, 0.0f, 1.0f);
    Linear linear = to_linear(color);
    if (!shown(linear)) {
        float low = 0, high = 1;  // part of the chroma that still fits
        for (int i = 0; i < 16; ++i) {
            const float mid = 0.5f * (low + high);
            linear = to_linear({color.l, color.a * mid, color.b * mid});
            (shown(linear) ? low : high) = mid;
        }
        linear = to_linear({color.l, color.a * low, color.b * low});
    }
    const auto channel = [](float v) { return encode(std::clamp(v, 0.0f, 1.0f)); };
    return {channel(linear.r), channel(linear.g), channel(linear.b)};
}

Rgb place_color(float x, float y, float z, bool dark) {
    const float norm = std::sqrt(x * x + y * y + z * z);
    if (!std::isfinite(norm)) return kNeutral;
    const float scale = norm > 1 ? 1 / norm : 1.0f;
    return to_rgb(
        {(dark ? 0.72f : 0.58f) + 0.08f * z * scale, 0.16f * x * scale, 0.16f * y * scale});
}

Rgb ramp_color(Ramp ramp, float t) {
    if (!std::isfinite(t)) return kNeutral;
    t = std::clamp(t, 0.0f, 1.0f);
    const float bow = std::sin(std::numbers::pi_v<float> * t);
    switch (ramp) {
        case Ramp::spectrum:
            return to_rgb(polar(0.24f + 0.68f * t, 0.105f + 0.03f * bow + 0.07f * t * t,
                                310.0f - 205.0f * t));
        case Ramp::cividis: {
            const float b = -0.085f * (1 - t) * (1 - t) + 0.155f * t * t;
            return to_rgb({0.25f + 0.65f * t, -0.012f * (1 - t), b});
        }
        case Ramp::viridis:
            return to_rgb(between(kViridis, t));
        case Ramp::magma:
            return to_rgb(between(kMagma, t));
        case Ramp::grey:
            break;
    }
    return to_rgb({0.96f - 0.88f * t, 0, 0});
}

const char* name_of(ColourMap map) {
    constexpr const char* kNames[] = {"automatic", "viridis", "magma", "cividis", "grey"};
    return kNames[static_cast<size_t>(map)];
}

ValueColours colours_of(ColourMap map, bool dark) {
    switch (map) {
        case ColourMap::viridis:
            return {Ramp::viridis, !dark};
        case ColourMap::magma:
            return {Ramp::magma, !dark};
        case ColourMap::cividis:
            return {Ramp::cividis, !dark};
        case ColourMap::grey:
            return {Ramp::grey, dark};
        case ColourMap::automatic:
            break;
    }
    return dark ? Ramp::spectrum : Ramp::grey;
}

Rgb series_color(size_t i, bool dark) {
    // The first are those of Okabe and Ito; the others were chosen one by one as far as possible
    // from all before them, in OKLab, as seen with three cones and with two.
    static constexpr unsigned kDark[kSeriesColors] = {0x56B4E9, 0xE69F00, 0x009E73, 0xCC79A7,
                                                      0xF0E442, 0xD55E00, 0x5544FF, 0xFFDDFF,
                                                      0xBB00AA, 0x00DD99, 0x666666, 0x9977EE};
    static constexpr unsigned kLight[kSeriesColors] = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7,
                                                       0x440000, 0x000088, 0x991144, 0x2200FF,
                                                       0x8877FF, 0x6600BB, 0x002233, 0x664477};
    const size_t at = i % kSeriesColors;
    return of_hex(dark ? kDark[at] : kLight[at]);
}

}  // namespace hopscope::viz
