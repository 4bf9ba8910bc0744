// Colours that carry data: by place in routing space, by value, by class. All are computed in the
// perceptual space OKLab (B. Ottosson, 2020), so that equal steps look equal. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hopscope::viz {

/// sRGB with the usual transfer curve, each 0 … 1.
struct Rgb {
    float r = 0, g = 0, b = 0;
    bool operator==(const Rgb&) const = default;
};

struct OkLab {
    float l = 0, a = 0, b = 0;
};

/// 0xAABBGGRR: bytes in the order red, green, blue, alpha in memory (little endian), as both the
/// draw list and the point renderer take it. `alpha` 0 … 1.
uint32_t packed(Rgb color, float alpha = 1.0f);

/// The nearest colour that a screen can show with the same lightness and hue: chroma is reduced
/// until it fits.
Rgb to_rgb(OkLab color);

/// Colour is place: L = 0.72 (light theme 0.58) + 0.08·z, a = 0.16·x, b = 0.16·y. Points outside
/// the unit ball are drawn to its surface; values that are not finite give the neutral grey.
Rgb place_color(float x, float y, float z, bool dark);

enum class Ramp : uint8_t {
    spectrum,  ///< dark violet → green → yellow; lightness rises evenly
    cividis,   ///< dark blue → grey → yellow; the same to people who see two primaries only
    grey,      ///< near white → black, for light backgrounds
    viridis,   ///< violet → green → yellow, that of matplotlib
    magma,     ///< black → purple → cream, that of matplotlib
};

/// Colour of a value 0 … 1 (clamped; not finite: neutral grey).
Rgb ramp_color(Ramp ramp, float t);

/// A ramp as it is used on some ground.
struct ValueColours {
    Ramp ramp = Ramp::spectrum;
    bool reversed = false;

    ValueColours() = default;
    ValueColours(Ramp of, bool back = false) : ramp(of), reversed(back) {}  // NOLINT: a ramp is one
    Rgb at(float t) const { return ramp_color(ramp, reversed ? 1 - t : t); }
    bool operator==(const ValueColours&) const = default;
};

/// What a person chooses for values that rise from little to much; automatic: the spectrum on a
/// dark ground, grey on a light one.
enum class ColourMap : uint8_t { automatic, viridis, magma, cividis, grey };
inline constexpr ColourMap kColourMaps[] = {ColourMap::automatic, ColourMap::viridis,
                                            ColourMap::magma, ColourMap::cividis, ColourMap::grey};
const char* name_of(ColourMap map);  ///< "viridis"
/// Much stands out from the ground: it is bright on a dark one, dark on a light one.
ValueColours colours_of(ColourMap map, bool dark);

inline constexpr int kSeriesColors = 12;
/// Colours of the lines of a plot and of classes, modulo 12: at least 3 : 1 against the panel, and
/// apart from each other also to people who see two primaries only (tests/viz/colour_test.cpp has
/// the distances). What repeats a colour needs another marker or glyph.
Rgb series_color(size_t i, bool dark);

}  // namespace hopscope::viz
